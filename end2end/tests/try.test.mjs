// A call from the reference: with the reader's own key and without its secret, through the gateway, and harmless to the
// portal's page whatever the API answers.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { closeBrowser, openBrowser, visitor } from '../harness/browser.mjs';
import { manager, publish } from '../harness/manage.mjs';
import { startPortico, tokenFor } from '../harness/portico.mjs';

const PASSWORD = 'a long and honest password';
let portico, upstream, keys, reader, stranger, nobody;

/** Answers what it was asked, and tries what a page's origin could be misused for. */
const startUpstream = () => new Promise(listening => {
	const server = createServer((request, answer) => {
		const parts = [];
		request.on('data', part => parts.push(part)).on('end', () => {
			const { method, url, headers } = request;
			answer.writeHead(headers['x-want'] ?? 200, {
				'content-type': 'text/html', 'set-cookie': ['portico=stolen', 'other=1'], location: 'https://elsewhere.example/', 'x-name': 'Zoë',
			});
			answer.end(JSON.stringify({ method, url, headers, body: Buffer.concat(parts).toString() }));
		});
	}).listen(0, '127.0.0.1', () => listening({ url: `http://127.0.0.1:${server.address().port}`, stop: () => new Promise(stopped => {
		server.close(stopped);
		server.closeAllConnections();
	}) }));
});

before(async () => {
	[portico, upstream] = await Promise.all([startPortico(), startUpstream(), openBrowser()]);
	const people = { reader: 'developer', stranger: 'developer', admin: 'admin' };
	const tokens = {};
	for (const [name, role] of Object.entries(people)) tokens[name] = await tokenFor(portico, { email: `${name}@portico.example`, role, password: PASSWORD });
	const manage = manager(portico, tokens.admin);
	for (const api of ['pets', 'hidden', 'free']) await publish(manage, api, upstream.url);
	await manage('PATCH', '/apis/pets', { max_body_bytes: 100_000 });
	await manage('PATCH', '/apis/free', { access: 'open' });
	await manage('PATCH', '/apis/hidden', { visibility: 'private', base_path: '/pets/pets/hidden' });
	const app = await manage('POST', '/apps', { name: 'Night shift', owner: 'reader@portico.example' });
	for (const api of ['pets', 'hidden']) await manage('POST', `/apps/${app.id}/subscriptions`, { api, plan: 'starter' });
	const [mine, revoked] = await Promise.all(['mine', 'revoked'].map(name => manage('POST', `/apps/${app.id}/keys`, { name, environment: 'live' })));
	await manage('DELETE', `/keys/${revoked.id}`);
	keys = { mine, revoked };
	nobody = await visitor(portico.portal);
	await nobody.open('/apis');
	[reader, stranger] = await Promise.all(['reader', 'stranger'].map(async name => {
		const reading = await visitor(portico.portal);
		await reading.open('/sign-in');
		await reading.fill({ email: `${name}@portico.example`, password: PASSWORD });
		await reading.send('password');
		reading.expect(404);
		return reading;
	}));
});
after(async () => {
	await closeBrowser();
	await Promise.all([portico?.stop(), upstream?.stop()]);
});

/** Calls from within the visitor's page. */
const tried = (who, { api = 'pets', method = 'GET', target = '/pets', fields = [], key, body }) => who.page.evaluate(async ([path, headers, body]) => {
	const answer = await fetch(path, { method: 'POST', headers, body });
	const given = name => answer.headers.get(`portico-try-${name}`);
	return {
		portal: answer.status,
		status: Number(given('status')),
		fields: Object.fromEntries(JSON.parse(given('fields') ?? '[]')),
		type: answer.headers.get('content-type'),
		body: JSON.parse(await answer.text()),
		cookies: document.cookie,
	};
}, [`/apis/${api}/try`, {
	'portico-try-method': method, 'portico-try-target': target, 'portico-try-fields': JSON.stringify(fields),
	...(key && { 'portico-try-key': key }), ...(body && { 'content-type': 'application/json' }),
}, body]);

describe('a call from the reference', () => {
	test('reaches the upstream as the key, without a secret or the portal\'s cookie', async () => {
		const answer = await tried(reader, { method: 'POST', target: '/pets?dry=1', fields: [['x-want', '201'], ['x-own', 'a']], key: keys.mine.id, body: '{"name":"Rex"}' });
		assert.deepEqual([answer.portal, answer.status, answer.type], [200, 201, 'application/octet-stream']);
		const { method, url, headers, body } = answer.body;
		assert.deepEqual([method, url, body], ['POST', '/pets?dry=1', '{"name":"Rex"}']);
		assert.equal(headers['x-portico-key-id'], keys.mine.id);
		assert.equal(headers['content-type'], 'application/json');
		assert.equal(headers['x-own'], 'a');
		assert.ok(!headers.cookie && !headers['x-api-key'] && !headers['portico-try-key'], JSON.stringify(headers));
		assert.ok(answer.fields['ratelimit'], 'limits are told');
	});

	test('does nothing in the portal\'s origin', async () => {
		const answer = await tried(reader, { fields: [['x-want', '302']], key: keys.mine.id });
		assert.deepEqual([answer.portal, answer.status], [200, 302]);
		assert.equal(answer.fields['set-cookie'], 'other=1', 'the gateway takes the portal\'s name out');
		assert.ok(!answer.cookies.includes('other'));
		await reader.open('/apps');
		assert.match(await reader.page.textContent('h1'), /Apps|Welcome, /, 'still signed in');
	});

	test('is refused as any call, in the gateway\'s words', async () => {
		const answers = await Promise.all([
			tried(reader, {}), tried(reader, { key: keys.revoked.id }), tried(reader, { target: '/pets/../../admin', key: keys.mine.id }),
			tried(reader, { target: '/nothing', key: keys.mine.id }),
		]);
		assert.deepEqual(answers.map(answer => [answer.portal, answer.status, answer.body.code]), [
			[200, 401, 'key_missing'], [200, 401, 'key_revoked'], [200, 400, 'bad_request'], [200, 404, 'no_such_operation'],
		]);
	});

	test('is for keys of one\'s own and APIs that one sees', async () => {
		const answers = await Promise.all([
			tried(stranger, { key: keys.mine.id }),
			tried(reader, { api: 'hidden', key: keys.mine.id }),
			tried(reader, { target: '/pets/hidden/pets', key: keys.mine.id }),
		]);
		assert.deepEqual(answers.map(answer => [answer.portal, answer.status]), [[404, 0], [404, 0], [200, 404]]);
	});

	test('of a body beyond the limit is answered, whatever was sent of it', async () => {
		for (const size of [100_001, 8_000_000]) {
			const answer = await tried(reader, { method: 'POST', key: keys.mine.id, body: 'x'.repeat(size) });
			assert.deepEqual([answer.portal, answer.status, answer.body.code], [200, 413, 'body_too_large']);
		}
	});

	test('without signing in is a stranger\'s call: what is open, or with a secret of one\'s own', async () => {
		nobody.expect(401, 404);
		const answers = await Promise.all([
			tried(nobody, { api: 'free' }),
			tried(nobody, {}),
			tried(nobody, { fields: [['x-api-key', keys.mine.secret]] }),
			tried(nobody, { key: keys.mine.id }),
			tried(nobody, { api: 'hidden' }),
		]);
		assert.deepEqual(answers.map(answer => [answer.portal, answer.status]), [[200, 200], [200, 401], [200, 200], [401, 0], [404, 0]]);
		assert.ok(!answers[2].body.headers['x-api-key']);
	});

	test('cannot be asked for by another site', async () => {
		const answer = await fetch(`${portico.portal}/apis/pets/try`, { method: 'POST', headers: { origin: 'https://elsewhere.example', 'portico-try-method': 'GET', 'portico-try-target': '/pets' } });
		assert.equal(answer.status, 403);
	});
});
