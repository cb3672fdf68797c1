// An administrator gives the portal a name, a colour and a logo of their own; every page shows them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { accessible } from '../harness/axe.mjs';
import { closeBrowser, openBrowser, visitor } from '../harness/browser.mjs';
import { startPortico, tokenFor } from '../harness/portico.mjs';

const ADMIN = { email: 'ada@portico.example', password: 'a long and honest password' };
const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 24"><script>document.title = 'owned'</script><rect width="48" height="24" rx="4" fill="#0a7f5a"/></svg>`;

before(openBrowser);
after(closeBrowser);

for (const script of [true, false]) describe(script ? 'with script' : 'without script', () => {
	let portico, admin, reader;
	before(async () => {
		portico = await startPortico();
		await tokenFor(portico, { ...ADMIN, role: 'admin' });
		[admin, reader] = [await visitor(portico.portal, { script }), await visitor(portico.portal, { script })];
		await admin.open('/sign-in');
		await admin.fill(ADMIN);
		await admin.send('password');
	});
	after(async () => {
		await Promise.all([admin, reader].map(somebody => somebody?.leave()));
		await portico?.stop();
	});

	test('a name and a colour that can be read', async () => {
		await admin.open('/admin/settings');
		admin.expect(422);
		await admin.fill({ name: 'Nordwind', accent: 'green' });
		assert.equal(await admin.send('accent'), 422);
		assert.equal(await admin.page.locator('#accent').getAttribute('aria-invalid'), 'true');
		await admin.fill({ accent: '#ffe600' });
		assert.equal(await admin.send('accent'), 200);
		await admin.page.getByRole('status').getByText('Saved').waitFor();
		await admin.page.getByText('on light pages and as').waitFor();
		await reader.open('/apis');
		assert.match(await reader.page.title(), /Nordwind$/);
		assert.equal(await reader.page.locator('.topbar .brand').innerText(), 'Nordwind');
		if (script) {
			const accent = await reader.page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--accent'));
			assert.match(accent, /^light-dark\(#[0-9a-f]{6}, #[0-9a-f]{6}\)$/);
			await reader.open('/sign-in');
			await accessible(reader.page);
			await admin.open('/admin/settings');
			await accessible(admin.page);
		}
	});

	test('a logo, which runs nothing', async () => {
		await admin.open('/admin/settings');
		await admin.fill({ file: { name: 'logo.html', mimeType: 'image/png', buffer: Buffer.from('<html>') } });
		assert.equal(await admin.send('file'), 422);
		await admin.fill({ file: { name: 'logo.svg', mimeType: 'image/svg+xml', buffer: Buffer.from(LOGO) } });
		assert.equal(await admin.send('file'), 200);
		await reader.open('/apis');
		const picture = reader.page.locator('.topbar .brand img');
		assert.equal((await picture.boundingBox()).height, 24);
		const address = await picture.getAttribute('src');
		const answer = await fetch(portico.portal + address);
		assert.deepEqual(
			[answer.headers.get('content-type'), answer.headers.get('x-content-type-options'), answer.headers.get('content-security-policy')],
			['image/svg+xml', 'nosniff', "default-src 'none'; sandbox"],
		);
		if (script) await admin.picture('admin-settings-look', true);
		await admin.page.getByRole('button', { name: 'Remove logo' }).click();
		await admin.press('button', 'Remove the logo');
		assert.equal((await fetch(portico.portal + address)).status, 404);
		await reader.open('/apis');
		assert.equal(await picture.count(), 0);
		reader.fine();
		admin.fine();
	});
});
