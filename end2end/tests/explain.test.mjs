// Whoever holds the id of a request that was refused or failed finds in the portal which check said no, what it expected
// and found, and how long each phase took: the owner of its key, and the publishers.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { accessible } from '../harness/axe.mjs';
import { closeBrowser, openBrowser, visitor } from '../harness/browser.mjs';
import { manager, publish } from '../harness/manage.mjs';
import { startPortico, tokenFor } from '../harness/portico.mjs';
import { startUpstream } from '../harness/upstream.mjs';

const PASSWORD = 'a long and honest password';
let portico, upstream, silent, gone, secret, owner, other, publisher;

/** Takes connections and never answers; or, stopped, takes none. */
const startSilent = () => new Promise(listening => {
	const sockets = new Set();
	const server = createServer(socket => sockets.add(socket.on('error', () => {}))).listen(0, '127.0.0.1', () => listening({
		url: `http://127.0.0.1:${server.address().port}`,
		stop: () => new Promise(stopped => {
			server.close(stopped);
			for (const socket of sockets) socket.destroy();
		}),
	}));
});

before(async () => {
	[portico, upstream, silent, gone] = await Promise.all([startPortico(), startUpstream(), startSilent(), startSilent(), openBrowser()]);
	await gone.stop();
	const people = { owner: 'developer', other: 'developer', publisher: 'publisher', admin: 'admin' };
	const tokens = {};
	for (const [name, role] of Object.entries(people)) tokens[name] = await tokenFor(portico, { email: `${name}@portico.example`, role, password: PASSWORD });
	const manage = manager(portico, tokens.admin);
	await manage('POST', '/plans', { plan: 'tight', name: 'Tight', rate: { limit: 1, per: 'hour' } });
	const app = await manage('POST', '/apps', { name: 'Night shift', owner: 'owner@portico.example' });
	for (const [api, url, settings] of [
		['pets', upstream.url, { validate: { request: true } }],
		['tight', upstream.url, { plans: ['tight'] }],
		['gone', gone.url, {}],
		['silent', silent.url, { timeout_ms: 100 }],
		['fenced', upstream.url, { deny_ips: ['127.0.0.0/8'] }],
		['closed', upstream.url, { maintenance: { message: 'Back at 14:00 UTC' } }],
	]) {
		await publish(manage, api, url);
		await manage('PATCH', `/apis/${api}`, settings);
		await manage('POST', `/apps/${app.id}/subscriptions`, { api, plan: api === 'tight' ? 'tight' : 'starter' });
	}
	secret = (await manage('POST', `/apps/${app.id}/keys`, { name: 'nightly', environment: 'live' })).secret;
	[owner, other, publisher] = await Promise.all(['owner', 'other', 'publisher'].map(async name => {
		const reading = await visitor(portico.portal);
		await reading.open('/sign-in');
		await reading.fill({ email: `${name}@portico.example`, password: PASSWORD });
		await reading.send('password');
		return reading;
	}));
});
after(async () => {
	await closeBrowser();
	await Promise.all([portico?.stop(), upstream?.stop(), silent?.stop()]);
});

const call = (path, { key = secret, ...options } = {}) => fetch(portico.gateway + path, { ...options, headers: { 'x-api-key': key, ...options.headers } });

/** The id of a call, from its answer. */
async function refused(status, path, options) {
	const answer = await call(path, options);
	assert.equal(answer.status, status, await answer.clone().text());
	const id = answer.headers.get('x-request-id');
	assert.equal((await answer.json()).request_id, id);
	return id;
}

/** What a reader is shown of a request. */
async function explained(reading, id) {
	await reading.open(`/requests?id=${id}`);
	return await reading.page.locator('#request').innerText();
}

describe('found by its id', () => {
	for (const [name, provoke, words, timings] of [
		['over the limit of its plan', () => call('/tight/pets').then(() => refused(429, '/tight/pets')), ['Refused: rate of the plan', 'rate_limited', 'tight: 1 an hour', 'free again in'], /not asked/],
		[
			'with a body that does not fit',
			() => refused(400, '/pets/pets', { method: 'POST', body: '{"name":"","kind":"horse"}', headers: { 'content-type': 'application/json' } }),
			['Refused: body', 'invalid_body', '/body/name should have at least 1 character', '/body/kind should be one of cat, dog, bird, fish'],
			/not asked/,
		],
		['to an upstream that is not there', () => refused(502, '/gone/pets'), ['Failed upstream', 'upstream_failed', 'a whole answer'], /Upstream\s+[\d.]+ ms/],
		['to an upstream that does not answer', () => refused(504, '/silent/pets'), ['Failed upstream', 'upstream_timeout', 'an answer within 100 ms', 'none'], /Upstream\s+\d{3,} ms/],
		['from a network that is denied', () => refused(403, '/fenced/pets'), ['Refused: networks of the API', 'ip_denied', '127.0.0.1'], /not asked/],
		['during maintenance', () => refused(503, '/closed/pets'), ['Refused: maintenance of the API', 'an API that is not under maintenance'], /not asked/],
		['to a path that is none', () => refused(404, '/pets/nowhere'), ['Refused: path', "a path of pets's document"], /not asked/],
	]) {
		test(name, async () => {
			const id = await provoke();
			for (const reading of [owner, publisher]) {
				const text = await explained(reading, id);
				for (const word of [...words, 'nightly', 'Night shift', id]) assert.ok(text.includes(word), `${word} is missing in: ${text}`);
				assert.match(text, timings);
				assert.match(text, /Checks\s+[\d.]+ ms/);
				reading.fine();
			}
			await other.open(`/requests?id=${id}`);
			await other.page.getByText('No such request').waitFor();
			assert.equal(await other.page.locator('#request').count(), 0);
			other.fine();
		});
	}

	test('with a key that is none', async () => {
		const id = await refused(401, '/pets/pets', { key: `${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}` });
		const text = await explained(publisher, id);
		for (const word of ['Refused: API key', 'key_unknown', 'a key of this installation', 'a key with a wrong checksum']) assert.ok(text.includes(word), text);
		await owner.open(`/requests?id=${id}`);
		await owner.page.getByText('it did not come with a valid key of yours').waitFor();
		owner.fine();
	});
});

test('why an upstream failed is for those who run it', async () => {
	const id = await refused(502, '/gone/pets');
	assert.ok((await explained(publisher, id)).includes('it takes no connection'));
	assert.ok(!(await explained(owner, id)).includes('it takes no connection'));
});

test('an id is found however it is written, from the list', async () => {
	const id = await refused(404, '/pets/nowhere');
	await owner.open('/requests');
	await owner.fill({ q: ` ${id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}` });
	assert.equal(await owner.send('q'), 200);
	const pane = owner.page.locator('#request');
	assert.ok((await pane.innerText()).includes(id));
	assert.equal(await owner.page.locator('main tbody tr').count(), 1);
	await accessible(owner.page, 'a request that was refused');
	await pane.getByRole('link', { name: 'Close' }).click();
	await owner.page.waitForURL('**/requests');
	assert.ok(await owner.page.locator('main tbody tr').count() > 1);
	owner.fine();
});
