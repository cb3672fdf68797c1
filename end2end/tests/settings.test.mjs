// An administrator sets, page by page, what the gateway does with an API's calls; each holds from the next call on.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { accessible } from '../harness/axe.mjs';
import { closeBrowser, openBrowser, visitor } from '../harness/browser.mjs';
import { manager, publish } from '../harness/manage.mjs';
import { startPortico, tokenFor } from '../harness/portico.mjs';
import { startUpstream } from '../harness/upstream.mjs';
import { until } from '../harness/until.mjs';

const ADMIN = { email: 'ada@portico.example', password: 'a long and honest password' };

before(openBrowser);
after(closeBrowser);

for (const script of [true, false]) describe(script ? 'with script' : 'without script', () => settings(script));

function settings(script) {
	let portico, upstream, admin, page, secret;

	before(async () => {
		[portico, upstream] = await Promise.all([startPortico(), startUpstream()]);
		const manage = manager(portico, await tokenFor(portico, { ...ADMIN, role: 'admin' }));
		await publish(manage, 'pets', upstream.url);
		const app = await manage('POST', '/apps', { name: 'Night shift', owner: ADMIN.email });
		await manage('POST', `/apps/${app.id}/subscriptions`, { api: 'pets', plan: 'starter' });
		secret = (await manage('POST', `/apps/${app.id}/keys`, { name: 'nightly', environment: 'live' })).secret;
		admin = await visitor(portico.portal, { script });
		page = admin.page;
		await admin.open('/sign-in');
		await admin.fill(ADMIN);
		await admin.send('password');
	});
	after(async () => {
		await admin?.leave();
		await Promise.all([portico?.stop(), upstream?.stop()]);
	});

	const call = async (path, headers = {}, options = {}) => {
		const answer = await fetch(portico.gateway + path, { ...options, headers: { 'x-api-key': secret, ...headers } });
		return { status: answer.status, headers: answer.headers, body: await answer.json() };
	};
	/** Fills a part's page and saves it; nothing else of the settings changes. */
	const save = async (part, values) => {
		await admin.open(`/admin/apis/pets/settings/${part}`);
		await admin.fill(values);
		assert.equal(await admin.send(Object.keys(values)[0]), 200);
		await page.getByRole('status').getByText('The settings are saved').waitFor();
		for (const [name, value] of Object.entries(values)) {
			const field = page.locator(`main [name="${name}"]`);
			if (typeof value === 'boolean') assert.equal(await field.isChecked(), value, name);
			else assert.equal(await field.inputValue(), value, name);
		}
		admin.fine();
	};

	test('a host of its own', async () => {
		await save('routing', { hosts: 'pets.example' });
		const status = await new Promise((answered, failed) => {
			const options = { headers: { host: 'pets.example', 'x-api-key': secret } };
			request(`${portico.gateway}/pets`, options, answer => answered(answer.resume().statusCode)).on('error', failed).end();
		});
		assert.equal(status, 200);
		assert.equal((await call('/pets/pets')).body.code, 'no_such_api');
		await save('routing', { hosts: '', balance: 'sticky' });
		assert.equal((await call('/pets/pets')).status, 200);
	});

	test('health checks', async () => {
		await save('resilience', { health: true, 'health.path': '/well', 'health.interval_seconds': '1', 'health.timeout_ms': '900', 'health.expect': '200-499' });
		await until(() => upstream.requests.some(request => request.path === '/well'), 'the upstream is asked how it is');
		await save('resilience', { health: false });
	});

	test('limits of the API, and who may call', async () => {
		await save('limits', { 'limits.rate.limit': '1', 'limits.rate.per': 'hour' });
		assert.equal((await call('/pets/pets')).status, 200);
		const over = await call('/pets/pets');
		assert.deepEqual([over.status, over.body.code], [429, 'rate_limited']);
		await save('limits', { 'limits.rate.limit': '', deny_ips: '127.0.0.0/8' });
		assert.equal((await call('/pets/pets')).body.code, 'ip_denied');
		await save('limits', { deny_ips: '' });
		assert.equal((await call('/pets/pets')).status, 200);
	});

	test('a wrong setting is refused at its field, and nothing is saved', async () => {
		admin.expect(400, 409, 422);
		await admin.open('/admin/apis/pets/settings/cors');
		await admin.fill({ cors: true, 'cors.origins': 'https://app.example', 'cors.methods': 'get', 'cors.max_age_seconds': 'soon' });
		assert.ok(await admin.send('cors') >= 400);
		const field = page.locator('[name="cors.max_age_seconds"]');
		assert.equal(await field.getAttribute('aria-invalid'), 'true');
		assert.equal(await field.inputValue(), 'soon', 'what was typed is kept');
		assert.equal(await page.locator('[aria-invalid]').count(), 1);
		const summary = page.getByRole('alert');
		assert.equal(await summary.evaluate(alert => alert === document.activeElement), true, 'the summary has the focus');
		await summary.getByRole('link', { name: /Seconds that browsers remember: .*whole number/ }).click();
		assert.equal(await field.evaluate(field => field.matches(':target')), true);
		if (script) await accessible(page, 'refused settings');
		assert.equal((await call('/pets/pets', { origin: 'https://app.example' })).headers.get('access-control-allow-origin'), null);

		await admin.fill({ 'cors.origins': '*', 'cors.max_age_seconds': '60', 'cors.credentials': true });
		assert.ok(await admin.send('cors') >= 400, 'what does not go together is refused, too');
		assert.equal(await page.locator('[aria-invalid]').count(), 1);
		await admin.open('/admin/apis/pets/settings/cors');
		assert.equal(await page.locator('[name="cors"]').isChecked(), false);
		admin.fine();
	});

	test('CORS, by keyboard alone', async () => {
		await admin.open('/admin/apis/pets/settings/cors');
		await page.locator('[name="cors"]').focus();
		assert.equal(await page.locator('[name="cors.origins"]').isVisible(), false, 'what is off needs no settings');
		await page.keyboard.press('Space');
		await page.keyboard.press('Tab');
		await page.keyboard.press('Control+a');
		await page.keyboard.type('https://app.example');
		await page.keyboard.press('Tab');
		const saved = page.waitForURL('**/cors?saved=yes');
		await page.keyboard.press('Enter');
		await saved;
		const answer = await call('/pets/pets', { origin: 'https://app.example' });
		assert.equal(answer.headers.get('access-control-allow-origin'), 'https://app.example');
		admin.fine();
	});

	test('validation', async () => {
		await save('validation', { 'validate.request': true });
		const json = { 'content-type': 'application/json' };
		const refused = await call('/pets/pets', json, { method: 'POST', body: '{"name":"","kind":"horse"}' });
		assert.deepEqual([refused.status, refused.body.errors.map(error => error.pointer)], [400, ['/body/name', '/body/kind']]);
		await save('validation', { errors: 'aws' });
		assert.equal((await call('/pets/nowhere')).body.message, 'Missing Authentication Token');
		await save('validation', { errors: 'problem' });
	});

	test('the cache, and how it is purged', async () => {
		await save('caching', { cache: true, 'cache.ttl_seconds': '600' });
		upstream.requests.length = 0;
		for (let times = 0; times < 3; times += 1) assert.equal((await call('/pets/pets/2')).status, 200);
		assert.equal(upstream.requests.length, 1);
		await page.getByRole('button', { name: 'Purge the cache' }).click();
		await admin.press('button', 'Forget the kept answers');
		await page.getByRole('status').getByText('Those of 1 address on this node').waitFor();
		await call('/pets/pets/2');
		assert.equal(upstream.requests.length, 2);
		await admin.open('/admin/audit');
		assert.match(await page.locator('main tbody tr').first().innerText(), /purged[^]*pets/);
		admin.fine();
	});

	test('headers', async () => {
		await save('headers', { 'transform.response.set': 'x-frame-options: DENY', 'transform.request.set': 'x-tenant: {app}', 'transform.query.set': 'units=metric' });
		upstream.requests.length = 0;
		assert.equal((await call('/pets/pets/1')).headers.get('x-frame-options'), 'DENY');
		assert.match(upstream.requests[0].path, /\?units=metric$/);
		assert.match(upstream.requests[0].headers['x-tenant'], /^[\w-]+$/);
	});

	test('mock answers and maintenance', async () => {
		await save('maintenance', { mock: 'always' });
		const mocked = await call('/pets/pets');
		assert.deepEqual([mocked.status, mocked.headers.get('x-portico-mock')], [200, 'true']);
		await save('maintenance', { mock: 'off', maintenance: true, 'maintenance.message': 'Back at 14:00 UTC', 'maintenance.retry_after_seconds': '3600' });
		const closed = await call('/pets/pets');
		assert.deepEqual([closed.status, closed.body.detail, closed.headers.get('retry-after')], [503, 'Back at 14:00 UTC', '3600']);
		await admin.open('/admin/apis/pets');
		await page.getByText('Closed for maintenance').waitFor();
		await save('maintenance', { maintenance: false });
		assert.equal((await call('/pets/pets')).status, 200);
	});

	test('limits of one operation', async () => {
		const limited = '{"addPet": {"limits": {"rate": {"limit": 1, "per": "hour"}}}}';
		await admin.open('/admin/apis/pets/settings/advanced');
		await admin.fill({ operation_settings: limited.slice(1) });
		assert.ok(await admin.send('routes') >= 400);
		assert.equal(await page.locator('[name="operation_settings"]').getAttribute('aria-invalid'), 'true');
		await admin.fill({ operation_settings: limited });
		assert.equal(await admin.send('routes'), 200);
		const add = () => call('/pets/pets', { 'content-type': 'application/json' }, { method: 'POST', body: '{"name":"Kiki","kind":"bird"}' });
		assert.deepEqual([(await add()).status, (await add()).status, (await call('/pets/pets')).status], [201, 429, 200]);
		admin.fine();
	});
}
