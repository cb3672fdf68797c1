// A private API is read by those who were chosen, from the moment they are and no longer.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { accessible } from '../harness/axe.mjs';
import { closeBrowser, openBrowser, visitor } from '../harness/browser.mjs';
import { manager, publish } from '../harness/manage.mjs';
import { startPortico, tokenFor } from '../harness/portico.mjs';
import { startUpstream } from '../harness/upstream.mjs';

const password = 'a long and honest password';
const ADMIN = { email: 'ada@portico.example', password };
const PER = { email: 'per@portico.example', password };

before(openBrowser);
after(closeBrowser);

for (const script of [true, false]) describe(script ? 'with script' : 'without script', () => {
	let portico, upstream, admin, per;

	const enter = async who => {
		const somebody = await visitor(portico.portal, { script });
		await somebody.open('/sign-in');
		await somebody.fill(who);
		await somebody.send('password');
		return somebody;
	};
	before(async () => {
		[portico, upstream] = await Promise.all([startPortico(), startUpstream()]);
		const manage = manager(portico, await tokenFor(portico, { ...ADMIN, role: 'admin' }));
		await publish(manage, 'pets', upstream.url);
		await manage('PATCH', '/apis/pets', { visibility: 'private' });
		await manage('POST', '/accounts', { ...PER, role: 'developer' });
		[admin, per] = [await enter(ADMIN), await enter(PER)];
	});
	after(async () => {
		await Promise.all([admin, per].map(somebody => somebody?.leave()));
		await Promise.all([portico?.stop(), upstream?.stop()]);
	});

	/** What somebody gets of the API: its page, its document, an operation. */
	const statuses = somebody => Promise.all(
		['/apis/pets', '/apis/pets/openapi.json', '/apis/pets/operations/listPets'].map(
			async path => (await somebody.page.request.get(portico.portal + path)).status(),
		),
	);

	test('chosen by address, and let go again', async () => {
		assert.deepEqual(await statuses(per), [404, 404, 404]);
		await admin.open('/admin/apis/pets');
		await admin.page.getByRole('link', { name: 'Readers of this API' }).click();
		await admin.page.getByText('No readers yet').waitFor();
		if (script) await accessible(admin.page);

		await admin.fill({ email: 'nobody@portico.example' });
		assert.equal(await admin.send('email'), 422);
		await admin.page.getByText('No account has the address nobody@portico.example').first().waitFor();

		await admin.fill({ email: PER.email });
		assert.equal(await admin.send('email'), 200);
		assert.deepEqual(await statuses(per), [200, 200, 200]);
		await per.open('/apis');
		await per.page.locator('main').getByText('Private').waitFor();
		if (script) await accessible(admin.page);

		await admin.page.getByRole('button', { name: 'Remove per' }).click();
		await admin.press('button', 'Remove this reader');
		await admin.page.getByText('No readers yet').waitFor();
		assert.deepEqual(await statuses(per), [404, 404, 404]);
		per.fine();
	});
});
