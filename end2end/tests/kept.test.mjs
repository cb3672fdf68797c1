// Pages of the reference are kept as they were sent, until what they show changes; never those of somebody with a name.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { manager, publish } from '../harness/manage.mjs';
import { startPortico, tokenFor } from '../harness/portico.mjs';
import { startUpstream } from '../harness/upstream.mjs';

const ADMIN = { email: 'ada@portico.example', password: 'a long and honest password' };

let portico, upstream, manage;
before(async () => {
	[portico, upstream] = await Promise.all([startPortico(), startUpstream()]);
	manage = manager(portico, await tokenFor(portico, { ...ADMIN, role: 'admin' }));
	await publish(manage, 'pets', upstream.url);
});
after(() => Promise.all([portico?.stop(), upstream?.stop()]));

const get = async (path, headers = {}) => {
	const answer = await fetch(portico.portal + path, { headers, redirect: 'manual' });
	return { status: answer.status, tag: answer.headers.get('etag'), headers: answer.headers, body: await answer.text() };
};
const page = '/apis/pets/operations/listPets';

test('the same page has the same tag, and is not sent again to who has it', async () => {
	const first = await get(page);
	const second = await get(page);
	assert.deepEqual([first.status, first.tag?.length, first.body], [200, 26, second.body]);
	assert.equal(second.tag, first.tag);
	assert.ok(first.headers.get('content-security-policy').includes("'sha256-"));
	assert.equal(second.headers.get('content-security-policy'), first.headers.get('content-security-policy'));
	for (const tag of [first.tag, `W/${first.tag}`, `"other", ${first.tag}`]) {
		const again = await get(page, { 'if-none-match': tag });
		assert.deepEqual([again.status, again.tag, again.body], [304, first.tag, '']);
	}
	assert.equal((await get(page, { 'if-none-match': '"other"' })).status, 200);
});

test('a taste makes another page', async () => {
	const plain = await get(page);
	const dark = await get(page, { cookie: 'theme=dark' });
	assert.ok(dark.body.includes('data-theme="dark"') && !plain.body.includes('data-theme'));
	assert.notEqual(dark.tag, plain.tag);
	assert.equal((await get(page)).body, plain.body);
});

test('what changes is seen at once, and what is hidden is gone', async () => {
	const before = await get('/apis');
	assert.ok(before.body.includes('/apis/pets'));
	await manage('PATCH', '/apis/pets', { visibility: 'signed-in' });
	const after = await get('/apis', { 'if-none-match': before.tag });
	assert.ok(after.status === 200 && !after.body.includes('/apis/pets'));
	assert.equal((await get(page)).status, 404);
	await manage('PATCH', '/apis/pets', { visibility: 'public' });
	assert.equal((await get(page)).status, 200);
});

test('a page with a name on it has no tag and is kept by nobody', async () => {
	const entered = await fetch(`${portico.portal}/sign-in`, {
		method: 'POST',
		redirect: 'manual',
		headers: { 'content-type': 'application/x-www-form-urlencoded', origin: portico.portal },
		body: new URLSearchParams(ADMIN),
	});
	const cookie = entered.headers.getSetCookie().map(line => line.split(';')[0]).join('; ');
	const own = await get(page, { cookie });
	assert.ok(own.body.includes(ADMIN.email));
	assert.deepEqual([own.tag, own.headers.get('cache-control')], [null, 'no-store']);
	assert.ok(!(await get(page)).body.includes(ADMIN.email));
});
