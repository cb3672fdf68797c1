// The pages of operations: samples in the reader's language, and what goes with a choice, with script and without.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { closeBrowser, openBrowser, visitor } from '../harness/browser.mjs';
import { bigDocument } from '../documents/big.mjs';
import { manager } from '../harness/manage.mjs';
import { startPortico, tokenFor } from '../harness/portico.mjs';

const RESERVE = '/apis/moorings/operations/reserve';
const LIST = '/apis/moorings/operations/listBerths';

let portico, reader, plain;

before(async () => {
	[portico] = await Promise.all([startPortico(), openBrowser()]);
	const token = await tokenFor(portico, { email: 'ada@portico.example', role: 'admin', password: 'a long and honest password' });
	const manage = manager(portico, token);
	const moorings = await readFile(new URL('../documents/moorings.yaml', import.meta.url), 'utf8');
	await manage('PUT', '/apis/moorings?publish=true&upstream=http://127.0.0.1:9', moorings, { type: 'application/yaml' });
	await manage('PUT', '/apis/everything?publish=true&upstream=http://127.0.0.1:9', bigDocument());
	[reader, plain] = await Promise.all([visitor(portico.portal), visitor(portico.portal, { script: false })]);
});
after(async () => {
	await closeBrowser();
	await portico?.stop();
});

/** What a reader sees in the card of the request's samples. */
const shown = page => page.locator('#sample pre:visible').allInnerTexts();
const answers = page => page.locator('.pane .card:not(#sample):visible').allInnerTexts();

test('another language is written at once, and kept on other pages', async () => {
	const { page } = reader;
	await reader.open(RESERVE);
	await page.waitForLoadState('networkidle');
	assert.match((await shown(page)).join(), /^curl /);
	const asked = [];
	page.on('request', request => asked.push(request.url()));
	await page.getByLabel('Language of the sample').selectOption('go');
	await page.locator('#sample pre:visible', { hasText: 'net/http' }).waitFor();
	assert.deepEqual(asked, [], 'no request is needed');
	await page.locator('#sample').getByRole('button', { name: /copy/i }).click();
	await page.locator('[data-done]').waitFor();
	assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^package main/);

	await reader.open('/apis/everything/operations/createThing1');
	assert.match((await shown(page)).join(), /net\/http/);
	assert.equal(await page.getByLabel('Language of the sample').inputValue(), 'go');
	reader.fine();
});

test('without script a button shows the chosen language', async () => {
	const { page } = plain;
	await plain.open(RESERVE);
	await page.getByLabel('Language of the sample').selectOption('python-requests');
	await plain.press('button', 'Show');
	assert.equal(new URL(page.url()).pathname, RESERVE);
	assert.match((await shown(page)).join(), /import requests/);
	await plain.open(LIST);
	assert.match((await shown(page)).join(), /import requests/);
	plain.fine();
});

test('a sample of the document comes first, until the reader has chosen', async () => {
	const fresh = await visitor(portico.portal);
	await fresh.open(LIST);
	assert.deepEqual(await shown(fresh.page), ['harbour berths list']);
	await fresh.page.waitForLoadState('networkidle');
	await fresh.page.getByLabel('Language of the sample').selectOption('ruby');
	await fresh.open(LIST);
	assert.match((await shown(fresh.page)).join(), /net\/http|Net::HTTP/);
	fresh.fine();
	await fresh.leave();
});

for (const script of [true, false]) {
	test(`samples and answers go with what is chosen ${script ? 'with' : 'without'} script`, async () => {
		const visit = await visitor(portico.portal, { script });
		const { page } = visit;
		const choose = name => page.getByText(name, { exact: true }).first().click();
		const sample = async () => {
			const all = await shown(page);
			assert.equal(all.length, 1, all.join('\n---\n'));
			return all[0];
		};
		await visit.open(RESERVE);
		await page.waitForLoadState('networkidle');
		assert.match(await sample(), /"masts": 2/);
		await choose('Motor');
		assert.match(await sample(), /"power": 440/);
		if (script) {
			await page.getByLabel('Language of the sample').selectOption('javascript');
			await page.locator('#sample pre:visible', { hasText: 'fetch' }).waitFor();
			assert.match(await sample(), /power: 440|"power": 440/);
		}
		await choose('text/csv');
		assert.match(await sample(), /Miso,12/);
		assert.doesNotMatch(await sample(), /Tofu/);
		await page.locator('#body summary', { hasText: 'Examples' }).locator('visible=true').click();
		await choose('Two boats');
		assert.match(await sample(), /Tofu,9/);
		await choose('application/json');
		assert.match(await sample(), /power/);

		const created = await answers(page);
		assert.ok(created.length === 1 && created[0].includes('201 Created'), created.join());
		await choose('409 Conflict');
		const taken = await answers(page);
		assert.ok(taken.length === 1 && taken[0].includes('2026-08-01'), taken.join());
		visit.fine();
		await visit.leave();
	});
}

test('a long list of values is filtered', async () => {
	const { page } = reader;
	await reader.open(LIST);
	await page.waitForLoadState('networkidle');
	await page.getByText('37 allowed values').click();
	await page.getByLabel('Filter the allowed values').fill('LAND');
	const values = page.getByRole('list', { name: 'Allowed values' }).getByRole('listitem');
	await page.getByRole('status').filter({ hasText: '5 values' }).waitFor({ state: 'attached' });
	assert.deepEqual(await values.allInnerTexts(), ['finland', 'iceland', 'ireland', 'netherlands', 'poland']);
	reader.fine();
});

test('all attributes unfold and fold by a link', async () => {
	const { page } = plain;
	await plain.open(LIST);
	const street = page.getByText('street', { exact: true });
	assert.equal(await street.isVisible(), false);
	await plain.press('link', 'Expand all');
	assert.equal(new URL(page.url()).search, '?expand=all');
	assert.equal(await street.isVisible(), true);
	await plain.press('link', 'Collapse');
	assert.equal(await street.isVisible(), false);
	plain.fine();
});

test('the sidebar stays where it was', async () => {
	const { page } = reader;
	await reader.open('/apis/everything/operations/listThing0');
	await page.waitForLoadState('networkidle');
	const place = () => page.locator('#sidebar').evaluate(sidebar => sidebar.scrollTop);
	await page.locator('#sidebar').evaluate(sidebar => sidebar.scrollTo(0, 300));
	await reader.press('link', 'Make a Thing8');
	await page.waitForLoadState('networkidle');
	assert.equal(await place(), 300);
	await reader.open('/apis/everything/operations/listThing199');
	await page.waitForLoadState('networkidle');
	const current = page.locator('#sidebar [aria-current=page]');
	const [frame, entry] = [await page.locator('#sidebar').boundingBox(), await current.boundingBox()];
	assert.ok(entry.y >= frame.y && entry.y + entry.height <= frame.y + frame.height, 'what is shown is in sight');
	reader.fine();
});

test('a link to an attribute is copied, and leads there', async () => {
	const { page } = reader;
	await reader.open(LIST);
	await page.waitForLoadState('networkidle');
	await page.getByRole('link', { name: 'Link to flag' }).click();
	await page.locator('[data-done]').waitFor();
	const copied = await page.evaluate(() => navigator.clipboard.readText());
	assert.equal(copied, `${portico.portal}${LIST}#query.flag`);
	await page.goto(copied);
	assert.equal(await page.locator(':target').getAttribute('id'), 'query.flag');
	reader.fine();
});
