// axe-core at the WCAG levels A and AA, from 2.0 to 2.2.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Fails with each rule that the page breaks, and where. */
export async function accessible(page, where) {
	// Evaluated by the debugger, to which the page's content security policy does not apply.
	await page.evaluate(SOURCE);
	const { violations } = await page.evaluate(tags => window.axe.run(document, { runOnly: tags, resultTypes: ['violations'] }), TAGS);
	const broken = violations.map(rule => `${rule.id} (${rule.help}): ${rule.nodes.map(node => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`).join('; ')}`);
	assert.deepEqual(broken, [], where);
}
