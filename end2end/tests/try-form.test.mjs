// The form on an operation's page: fill in, send, read what comes back.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { accessible } from '../harness/axe.mjs';
import { closeBrowser, openBrowser, visitor } from '../harness/browser.mjs';
import { manager } from '../harness/manage.mjs';
import { startPortico, tokenFor } from '../harness/portico.mjs';

const PASSWORD = 'a long and honest password';
// One dot.
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const pet = { type: 'object', required: ['name'], properties: { name: { type: 'string', example: 'Rex' }, age: { type: 'integer' } } };
const upload = { type: 'object', properties: { photo: { type: 'string', format: 'binary' }, note: { type: 'string' } } };
const operation = (operationId, more = {}) => ({ operationId, summary: operationId, responses: { 200: { description: 'Fine.' } }, ...more });
const DOCUMENT = {
	openapi: '3.1.0',
	info: { title: 'Zoo', version: '1' },
	paths: {
		'/animals/{id}': {
			get: operation('getAnimal', { parameters: [
				{ name: 'id', in: 'path', required: true, schema: { type: 'string' }, example: 'a b' },
				{ name: 'sort', in: 'query', schema: { type: 'string', enum: ['up', 'down'] } },
				{ name: 'access_token', in: 'query', schema: { type: 'string' } },
			] }),
		},
		'/animals': { post: operation('addAnimal', { requestBody: { required: true, content: { 'application/json': { schema: pet } } } }) },
		'/events': { get: operation('follow') },
		'/photo': {
			get: operation('photo'),
			post: operation('upload', { requestBody: { content: { 'multipart/form-data': { schema: upload } } } }),
		},
		'/large': { get: operation('large') },
	},
};
let portico, upstream, keys, reader;

/** Echoes, streams, shows a picture. `next` lets the stream go on. */
const startUpstream = () => new Promise(listening => {
	const streams = [];
	const server = createServer((request, answer) => {
		const parts = [];
		request.on('data', part => parts.push(part)).on('end', () => {
			const { method, url, headers } = request;
			const body = Buffer.concat(parts).toString('latin1');
			if (url === '/events') {
				answer.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n');
				return streams.push(answer);
			}
			if (url === '/photo' && method === 'GET') return answer.writeHead(200, { 'content-type': 'image/png' }).end(PNG);
			if (url === '/large') {
				return answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(Array.from({ length: 60_000 }, (_, id) => ({ id, name: `animal ${id}`, kind: 'a kind of animal that has a long name' }))));
			}
			const status = url.startsWith('/animals/none') ? 404 : body.includes('"age": -1') ? 422 : 200;
			answer.writeHead(status, { 'content-type': 'application/json', 'x-kept': 'yes' });
			answer.end(JSON.stringify({ method, url, type: headers['content-type'], body, number: 0 }).replace('"number":0', '"number":1.50'));
		});
	}).listen(0, '127.0.0.1', () => listening({
		url: `http://127.0.0.1:${server.address().port}`,
		streams,
		stop: () => new Promise(stopped => {
			server.close(stopped);
			server.closeAllConnections();
		}),
	}));
});

before(async () => {
	[portico, upstream] = await Promise.all([startPortico(), startUpstream(), openBrowser()]);
	const token = await tokenFor(portico, { email: 'admin@portico.example', role: 'admin', password: PASSWORD });
	await tokenFor(portico, { email: 'reader@portico.example', role: 'developer', password: PASSWORD });
	const manage = manager(portico, token);
	await manage('PUT', `/apis/zoo?upstream=${upstream.url}&publish=true`, JSON.stringify(DOCUMENT));
	await manage('POST', '/plans', { plan: 'one', name: 'One', rate: null, quota: { limit: 1, per: 'day' }, approval: 'auto' });
	await manage('PATCH', '/apis/zoo', { plans: ['starter', 'one'] });
	keys = {};
	for (const [name, plan] of [['many', 'starter'], ['few', 'one']]) {
		const app = await manage('POST', '/apps', { name: `App of ${name}`, owner: 'reader@portico.example' });
		await manage('POST', `/apps/${app.id}/subscriptions`, { api: 'zoo', plan });
		keys[name] = await manage('POST', `/apps/${app.id}/keys`, { name, environment: 'live' });
	}
	reader = await visitor(portico.portal);
	await reader.open('/sign-in');
	await reader.fill({ email: 'reader@portico.example', password: PASSWORD });
	await reader.send('password');
	reader.expect(404);
});
after(async () => {
	await closeBrowser();
	await Promise.all([portico?.stop(), upstream?.stop()]);
});

const open = async (who, name) => {
	await who.open(`/apis/zoo/operations/${name}`);
	await who.page.getByRole('button', { name: 'Try it' }).click();
	await who.page.locator('.try-form').waitFor();
	const choice = who.page.getByLabel('Key', { exact: true });
	if (await choice.locator('option', { hasText: 'many' }).count()) await choice.selectOption(keys.many.id);
};
const send = who => who.page.getByRole('button', { name: 'Send' }).click();
const said = (who, words) => who.page.locator('.answer [role=status]').getByText(words).waitFor();
const body = who => who.page.locator('.answer .json, .answer pre:not(:has(code))').locator('visible=true');

describe('the form of a call', () => {
	test('sends what is typed and shows what comes back, and the sample follows', async () => {
		await open(reader, 'getAnimal');
		await reader.page.locator('[id="try.path.id"]').fill('x y');
		await reader.page.locator('[id="try.query.sort"]').selectOption('down');
		await reader.page.locator('#sample pre').first().getByText('animals/x%20y').waitFor();
		await send(reader);
		await said(reader, '200 OK');
		const text = await body(reader).textContent();
		assert.match(text, /"\/animals\/x%20y\?sort=down"/);
		assert.match(text, /1\.50/, 'numbers stay as they were written');
		await accessible(reader.page, 'an answer');
		await reader.picture('try-answer');
		reader.fine();
	});

	test('tells a refusal of the service as what it is', async () => {
		await reader.page.locator('[id="try.path.id"]').fill('none');
		await send(reader);
		await said(reader, '404 Not Found');
		await reader.page.locator('[id="try.path.id"]').fill('');
		await send(reader);
		await reader.page.getByText('This is needed for the call.').waitFor();
		assert.equal(await reader.page.evaluate(() => document.activeElement.id), 'try.path.id');
		reader.fine();
	});

	test('keeps the last calls without secrets, and makes them again', async () => {
		await reader.page.locator('[id="try.path.id"]').fill('kept');
		await reader.page.locator('[id="try.query.access_token"]').fill('hush-hush');
		await send(reader);
		await said(reader, '200 OK');
		assert.doesNotMatch(await reader.page.evaluate(() => JSON.stringify(localStorage)), /hush-hush|ptk_/);
		await open(reader, 'getAnimal');
		await reader.page.getByText('Last calls').click();
		await reader.page.getByRole('button', { name: /GET \/animals\/kept/ }).click();
		await said(reader, '200 OK');
		assert.match(await body(reader).textContent(), /animals\/kept/);
		reader.fine();
	});

	test('makes a body from fields or text', async () => {
		await open(reader, 'addAnimal');
		await reader.page.locator('[id="try.field.0.age"]').fill('seven');
		await reader.page.getByText('no JSON value').waitFor();
		await reader.page.locator('[id="try.field.0.age"]').fill('7');
		await send(reader);
		await said(reader, '200 OK');
		assert.match(await body(reader).textContent(), /age.{2,6}7/);
		await reader.page.getByText('Text', { exact: true }).click();
		await reader.page.getByLabel('Body as text').fill('{"age": -1}');
		await send(reader);
		await said(reader, '422');
		await accessible(reader.page, 'a body as text');
		reader.fine();
	});

	test('shows a stream line by line until it is stopped', async () => {
		await open(reader, 'follow');
		await send(reader);
		await body(reader).getByText('data: first').waitFor();
		upstream.streams.at(-1).write('data: second\n\n');
		await body(reader).getByText('data: second').waitFor();
		await reader.page.getByRole('button', { name: 'Stop' }).click();
		await said(reader, 'Stopped.');
		reader.fine();
	});

	test('shows a picture, uploads a file, and bears five megabytes', async () => {
		await open(reader, 'photo');
		await send(reader);
		const picture = reader.page.locator('.answer img');
		await picture.waitFor();
		assert.equal(await picture.evaluate(async image => (await image.decode(), image.naturalWidth)), 1);
		const download = reader.page.waitForEvent('download');
		await reader.page.getByRole('link', { name: 'Download', exact: true }).click();
		assert.equal((await download).suggestedFilename(), 'answer.png');

		await open(reader, 'upload');
		await reader.page.locator('[id="try.body"]').selectOption('0');
		await reader.page.locator('[id="try.field.0.photo"]').setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: PNG });
		await reader.page.locator('[id="try.field.0.note"]').fill('a dot');
		await send(reader);
		await said(reader, '200 OK');
		const text = await body(reader).textContent();
		assert.match(text, /multipart\/form-data; boundary/);
		assert.match(text, /filename=..?"dot\.png/);

		await open(reader, 'large');
		await send(reader);
		await said(reader, '200 OK');
		await reader.page.locator('.answer .json').getByText('60000 items').waitFor();
		assert.ok(await reader.page.locator('.answer *').count() < 2500, 'only a part is on the page');
		reader.fine();
	});

	test('tells which limit refused it', async () => {
		await open(reader, 'getAnimal');
		await reader.page.getByLabel('Key', { exact: true }).selectOption(keys.few.id);
		await send(reader);
		await said(reader, '200 OK');
		await send(reader);
		await said(reader, '429 Too Many Requests');
		assert.match(await body(reader).textContent(), /quota_exceeded/);
		reader.fine();
	});

	test('without signing in says what is missing; at 390 pixels and in the dark as well', async () => {
		const nobody = await visitor(portico.portal, { width: 390, colour: 'dark' });
		await open(nobody, 'getAnimal');
		await nobody.page.getByText('to call with a key of yours').waitFor();
		await accessible(nobody.page, 'the form on a phone in the dark');
		await send(nobody);
		await said(nobody, '401 Unauthorized');
		assert.match(await body(nobody).textContent(), /key_missing/);
		assert.ok(await nobody.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out');
		await nobody.page.locator('.answer').scrollIntoViewIfNeeded();
		await nobody.picture('try-phone');
		nobody.fine();
		await nobody.leave();
	});
});
