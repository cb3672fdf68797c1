// A publisher writes a guide, with script and without; readers read it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { accessible } from '../harness/axe.mjs';
import { closeBrowser, openBrowser, visitor } from '../harness/browser.mjs';
import { manager, publish } from '../harness/manage.mjs';
import { startPortico, tokenFor } from '../harness/portico.mjs';
import { startUpstream } from '../harness/upstream.mjs';

const PUBLISHER = { email: 'paula@portico.example', password: 'a long and honest password' };
const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const TEXT = `## Find a pet

Ask for [all of them](op:listPets), or read [more](none.md).

\`\`\`sh title="curl"
curl https://gateway.example/pets
\`\`\`

\`\`\`js title="JavaScript"
await fetch('https://gateway.example/pets');
\`\`\`

> [!WARNING]
> Pets bite.

![A form](form.png)

## Buy it

<script>document.title = 'owned'</script><img src=x onerror="document.title='owned'"> [x](javascript:alert(1))
`;

before(openBrowser);
after(closeBrowser);

for (const script of [true, false]) describe(script ? 'with script' : 'without script', () => {
	let portico, upstream, writer, reader, page;

	before(async () => {
		[portico, upstream] = await Promise.all([startPortico(), startUpstream()]);
		await publish(manager(portico, await tokenFor(portico, { ...PUBLISHER, role: 'publisher' })), 'pets', upstream.url);
		[writer, reader] = await Promise.all([visitor(portico.portal, { script }), visitor(portico.portal, { script, width: 390, colour: 'dark' })]);
		page = writer.page;
		await writer.open('/sign-in');
		await writer.fill(PUBLISHER);
		await writer.send('password');
	});
	after(async () => {
		await Promise.all([writer?.leave(), reader?.leave()]);
		await Promise.all([portico?.stop(), upstream?.stop()]);
	});

	test('a picture comes first', async () => {
		await writer.open('/admin/apis/pets/guides');
		await page.locator('#image').setInputFiles({ name: 'Form.PNG', mimeType: 'image/png', buffer: PIXEL });
		await page.getByRole('button', { name: 'Upload picture' }).click();
		await page.locator('#images').getByRole('link', { name: 'form.png' }).waitFor();
		if (script) await accessible(page, 'guides of an API');
		writer.fine();
	});

	test('a guide is written as a draft, with a preview', async () => {
		await page.getByRole('link', { name: 'New guide' }).click();
		await writer.fill({ title: 'First steps', description: 'From nothing to a pet.', text: TEXT });
		if (!script) await page.getByRole('button', { name: 'Preview' }).click();
		const preview = page.locator('#preview');
		await preview.getByText('Pets bite.').waitFor();
		assert.equal(await preview.locator('img').getAttribute('src'), '/apis/pets/guides/images/form.png');
		assert.equal(await preview.getByRole('link', { name: 'more' }).getAttribute('href'), '/apis/pets/guides/none');
		await page.getByRole('button', { name: 'Save' }).click();
		await page.getByRole('status').getByText('It is a draft').waitFor();
		await page.getByText('There is no guide none here.').waitFor();
		assert.equal(await page.locator('#text').inputValue(), TEXT);
		if (script) await accessible(page, 'the editor of a guide');
		writer.fine();
		reader.expect(404);
		assert.equal(await reader.open('/apis/pets/guides/first-steps'), 404);
	});

	test('readers see it once it is published', async () => {
		await writer.open('/apis/pets/guides/first-steps');
		await page.getByText('Only publishers and admins see this guide.').waitFor();
		await writer.open('/admin/apis/pets/guides');
		await page.getByRole('button', { name: 'Publish: First steps' }).click();
		await page.getByRole('button', { name: 'Make a draft: First steps' }).waitFor();

		assert.equal(await reader.open('/apis/pets'), 200);
		await reader.page.locator('#guides').getByRole('link', { name: 'First steps' }).click();
		const text = reader.page.locator('main');
		await text.getByRole('heading', { name: 'Find a pet' }).waitFor();
		assert.ok(!await text.getByText('await fetch').isVisible());
		await text.getByText('JavaScript', { exact: true }).click();
		assert.ok(await text.getByText('await fetch').isVisible());
		assert.ok(await text.locator('img').evaluate(image => image.complete && image.naturalWidth === 1));
		assert.match(await reader.page.title(), /^First steps/);
		assert.equal(await text.getByRole('link', { name: 'all of them' }).getAttribute('href'), '/apis/pets/operations/listPets');
		if (script) await accessible(reader.page, 'a guide');
		reader.fine();
	});

	test('what is deleted is asked about first', async () => {
		await writer.open('/admin/apis/pets/guides');
		await page.getByRole('button', { name: 'Delete First steps' }).click();
		await page.getByRole('button', { name: 'Delete this guide' }).click();
		await page.getByText('No guides yet').waitFor();
		writer.fine();
		assert.equal(await reader.open('/apis/pets/guides/first-steps'), 404);
	});
});
