// What script adds: copying, the search palette, the theme without a reload, a password that can be seen.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { closeBrowser, openBrowser, visitor } from '../harness/browser.mjs';
import { startPortico, tokenFor } from '../harness/portico.mjs';

let portico, reader, page;

before(async () => {
	[portico] = await Promise.all([startPortico(), openBrowser()]);
	const token = await tokenFor(portico, { email: 'ada@portico.example', role: 'admin', password: 'a long and honest password' });
	const answer = await fetch(`${portico.portal}/api/v1/apis/petstore?publish=true&upstream=http://127.0.0.1:9`, {
		method: 'PUT',
		headers: { authorization: `Bearer ${token}`, 'content-type': 'application/yaml' },
		body: await readFile(new URL('../documents/petstore.yaml', import.meta.url), 'utf8'),
	});
	assert.equal(answer.status, 201, await answer.text());
	reader = await visitor(portico.portal);
	page = reader.page;
});
after(async () => {
	await closeBrowser();
	await portico?.stop();
});

test('a sample is copied whole', async () => {
	await reader.open('/apis/petstore/operations/getPet');
	await page.waitForLoadState('networkidle');
	await page.getByRole('complementary').getByRole('button', { name: /copy/i }).first().click();
	await page.locator('[data-done]').waitFor();
	const copied = await page.evaluate(() => navigator.clipboard.readText());
	assert.match(copied, /^curl /);
	assert.ok(copied.includes('/petstore/pets/'), copied);
	reader.fine();
});

test('the palette opens with a key, finds, and goes there', async () => {
	await reader.open('/apis');
	await page.waitForLoadState('networkidle');
	await page.keyboard.press('Control+k');
	const field = page.getByRole('combobox');
	await field.fill('add a pet');
	await page.getByRole('option', { name: /Add a pet/ }).first().waitFor();
	await page.keyboard.press('ArrowDown');
	await Promise.all([page.waitForURL('**/operations/addPet'), page.keyboard.press('Enter')]);
	reader.fine();
});

test('the theme is chosen and kept', async () => {
	await reader.open('/apis');
	await page.waitForLoadState('networkidle');
	await page.getByRole('button', { name: 'Colour theme' }).click();
	await page.getByRole('button', { name: 'Dark' }).click();
	await page.locator('html[data-theme=dark]').waitFor();
	await reader.open('/search');
	assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
	reader.fine();
});

test('a password can be seen', async () => {
	await reader.open('/sign-in');
	await page.waitForLoadState('networkidle');
	await page.locator('[name=password]').fill('nobody sees this');
	await page.getByRole('button', { name: 'Show password' }).click();
	await page.locator('[name=password][type=text]').waitFor();
	reader.fine();
});

test('nothing on the way in moves by itself', async () => {
	for (const address of ['/apis', '/apis/petstore', '/apis/petstore/operations/getPet', '/sign-up']) {
		await reader.open(address);
		await page.waitForLoadState('networkidle');
		const shift = await page.evaluate(() => new Promise(shown => {
			let sum = 0;
			new PerformanceObserver(list => { for (const entry of list.getEntries()) sum += entry.value; }).observe({ type: 'layout-shift', buffered: true });
			requestAnimationFrame(() => requestAnimationFrame(() => shown(sum)));
		}));
		assert.ok(shift < 0.01, `${address} shifts by ${shift}`);
	}
	reader.fine();
});
