// The whole main job, from an empty database to a key that is refused: with script and without, on both databases.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { bigDocument } from '../documents/big.mjs';
import { closeBrowser, openBrowser, visitor } from '../harness/browser.mjs';
import { startPortico } from '../harness/portico.mjs';
import { startUpstream } from '../harness/upstream.mjs';
import { until } from '../harness/until.mjs';

const ADMIN = { name: 'Ada Admin', email: 'ada@portico.example', password: 'a long and honest password' };
const DEVELOPER = { name: 'Dev Eloper', email: 'dev@portico.example', password: 'another long and honest one' };
const PETSTORE = await readFile(new URL('../documents/petstore.yaml', import.meta.url), 'utf8');

before(openBrowser);
after(closeBrowser);

for (const engine of ['sqlite', 'postgres']) {
	for (const script of [true, false]) {
		describe(`on ${engine}, ${script ? 'with' : 'without'} script`, () => journey(engine, script));
	}
}

/** Its tests are steps: each begins where the one before ended. */
function journey(engine, script) {
	let portico, upstream, admin, developer, app, secret;

	before(async () => {
		[portico, upstream] = await Promise.all([startPortico({ engine }), startUpstream()]);
		admin = await visitor(portico.portal, { script });
		developer = await visitor(portico.portal, { script });
	});
	after(async () => {
		await Promise.all([admin?.leave(), developer?.leave()]);
		await Promise.all([portico?.stop(), upstream?.stop()]);
	});

	const call = async (path, headers = {}, options = {}) => {
		const answer = await fetch(`${portico.gateway}${path}`, { headers, ...options });
		return { status: answer.status, headers: answer.headers, body: await answer.json() };
	};

	test('a developer signs up, before there is an administrator', async () => {
		await developer.open('/sign-up');
		await developer.fill(DEVELOPER);
		await developer.send('password');
		assert.equal(new URL(developer.page.url()).pathname, '/apps');
		developer.fine();
	});

	test('the first administrator comes by the one-time link, once', async () => {
		const link = await portico.firstLink();
		await admin.open(link);
		await admin.fill(ADMIN);
		await admin.send('password');
		assert.equal(new URL(admin.page.url()).pathname, '/admin');

		const late = await visitor(portico.portal, { script });
		late.expect(403, 404, 410);
		assert.ok(await late.open(link) >= 400, 'the link is used up');
		assert.equal(await late.page.locator('[name=password]').count(), 0);
		late.fine();
		await late.leave();
		admin.fine();
	});

	test('a document that cannot be served is refused with its reasons', async () => {
		admin.expect(422);
		await admin.open('/admin/apis/new');
		await admin.page.getByText('Paste the document instead').click();
		await admin.fill({ document: 'openapi: 3.0.3\ninfo:\n  title: [Half\npaths: {}\n' });
		assert.equal(await admin.send('document'), 422);
		assert.match(await admin.page.locator('main').innerText(), /line 4/i, 'it says where');
		admin.fine();
	});

	test('the administrator publishes the pet shop by page', async () => {
		await admin.open('/admin/apis/new');
		if (script) await admin.page.getByText('Paste the document instead').click();
		const document = script
			? { document: PETSTORE }
			: { file: { name: 'petstore.yaml', mimeType: 'application/yaml', buffer: Buffer.from(PETSTORE) } };
		await admin.fill({ ...document, slug: 'petstore', upstream: upstream.url, publish: true });
		await admin.send('document');
		assert.equal(new URL(admin.page.url()).pathname, '/admin/apis/petstore');
		admin.fine();
	});

	test('and a big document by the management API', async () => {
		const token = (await portico.command(['token', 'create', '--email', ADMIN.email, '--name', 'deploy'])).trim();
		assert.match(token, /^ptm_[0-9A-Za-z]+$/);
		const answer = await fetch(`${portico.portal}/api/v1/apis/everything?upstream=${encodeURIComponent(upstream.url)}&publish=true`, {
			method: 'PUT',
			headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
			body: JSON.stringify(bigDocument()),
		});
		const made = await answer.json();
		assert.equal(answer.status, 201, JSON.stringify(made));
		assert.deepEqual([made.api, made.state, made.operations], ['everything', 'published', 600]);
		assert.deepEqual(made.findings.filter(finding => finding.severity === 'error'), []);
	});

	test('reads the documentation', async () => {
		const { page } = developer;
		await developer.open('/apis');
		await developer.press('link', 'Petstore');
		assert.equal(new URL(page.url()).pathname, '/apis/petstore');
		await page.locator('main').getByText('A shop for pets').first().waitFor();

		await developer.open('/apis/petstore/operations/getPet');
		assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'Get a pet');
		const text = await page.locator('main').textContent();
		for (const word of ['/pets/', 'petId', 'int64', '404', 'No such pet']) assert.ok(text.includes(word), `${word} is missing`);

		assert.equal(await developer.open('/apis/petstore/schemas/Pet'), 200);
		assert.equal(await developer.open('/apis/everything/operations/getThing137'), 200);
		assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'Get a Thing137');
		developer.fine();
	});

	test('finds an operation among six hundred', async () => {
		await developer.open('/search?q=Thing142');
		await developer.press('link', 'Make a Thing142');
		assert.equal(new URL(developer.page.url()).pathname, '/apis/everything/operations/createThing142');
		developer.fine();
	});

	test('makes an app and subscribes it', async () => {
		await developer.open('/apps/new');
		await developer.fill({ name: 'Night shift' });
		await developer.send('name');
		app = new URL(developer.page.url()).pathname;
		assert.match(app, /^\/apps\/[\w-]+$/);

		await developer.open('/subscribe?api=petstore');
		await developer.fill({ app: app.split('/').at(-1), plan: 'starter' });
		await developer.send('plan');
		assert.equal(new URL(developer.page.url()).pathname, app);
		await developer.page.locator('main').getByText('Petstore').first().waitFor();
		developer.fine();
	});

	test('gets a key, and sees it once', async () => {
		const { page } = developer;
		await developer.open(`${app}/keys/new`);
		await developer.fill({ name: 'nightly' });
		await developer.send('name');
		const html = await page.content();
		[secret] = /ptk_(live|test)_[0-9A-Za-z]{46}/.exec(html) ?? assert.fail('there is no key on the page');
		if (script) {
			assert.equal((await call('/petstore/pets/2', { 'x-api-key': secret })).status, 200);
			await page.getByRole('status').filter({ hasText: 'answered 200' }).waitFor();
		}
		await developer.open(app);
		assert.ok(!(await page.content()).includes(secret), 'the key is shown a second time');
		assert.ok((await page.locator('main').innerText()).includes('nightly'));
		developer.fine();
	});

	test('calls the upstream with it, and nobody does without', async () => {
		upstream.requests.length = 0;
		const missing = await call('/petstore/pets/1');
		assert.deepEqual([missing.status, missing.body.code], [401, 'key_missing']);
		assert.equal(missing.headers.get('content-type'), 'application/problem+json');
		assert.equal(upstream.requests.length, 0);

		const answer = await call('/petstore/pets/1', { 'x-api-key': secret });
		assert.deepEqual([answer.status, answer.body.name], [200, 'Miso']);
		assert.ok(answer.headers.get('ratelimit'), 'the plan limits, and says so');
		const bearer = await call('/petstore/pets', { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }, { method: 'POST', body: '{"name":"Kiki","kind":"bird"}' });
		assert.equal(bearer.status, 201);

		const [first, second] = upstream.requests;
		assert.deepEqual([first.method, first.path, second.method, second.path], ['GET', '/pets/1', 'POST', '/pets']);
		assert.equal(second.body, '{"name":"Kiki","kind":"bird"}');
		assert.ok(!JSON.stringify(upstream.requests).includes(secret), 'the key went on to the upstream');
		assert.equal(first.headers['x-portico-plan'], 'starter');

		const elsewhere = await call('/everything/group-0/thing0', { 'x-api-key': secret });
		assert.deepEqual([elsewhere.status, elsewhere.body.code], [403, 'not_subscribed']);
		const nowhere = await call('/petstore/owners', { 'x-api-key': secret });
		assert.deepEqual([nowhere.status, nowhere.body.code], [404, 'no_such_operation']);
	});

	test('sees the calls', async () => {
		const { page } = developer;
		await until(async () => {
			await developer.open('/usage');
			return (await page.locator('main').innerText()).includes('Petstore');
		}, 'the usage page names the API that was called');
		await until(async () => {
			await developer.open('/requests?result=refused');
			return (await page.locator('main').innerText()).includes('/everything/group-0/thing0');
		}, 'the list of requests has the refused one');
		await page.locator('main tbody tr', { hasText: 'thing0' }).getByRole('link').click();
		await page.getByText('not_subscribed').waitFor();
		developer.fine();
	});

	test('revokes the key, and it is refused', async () => {
		const { page } = developer;
		await developer.open(app);
		await page.getByRole('button', { name: 'Actions for nightly' }).click();
		await page.getByRole('button', { name: 'Revoke nightly' }).click();
		await developer.press('button', 'Revoke this key');
		assert.equal(new URL(page.url()).pathname, app);

		const refused = await call('/petstore/pets/1', { 'x-api-key': secret });
		assert.deepEqual([refused.status, refused.body.code], [401, 'key_revoked']);
		developer.fine();
	});

	test('signs out', async () => {
		const { page } = developer;
		await page.getByRole('button', { name: /^Account of/ }).click();
		await developer.press('button', 'Sign out');
		await developer.open('/apps');
		assert.equal(new URL(page.url()).pathname, '/sign-in');
		developer.fine();
	});
}
