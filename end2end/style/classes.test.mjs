// The portal's markup and its stylesheet speak of the same classes.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (folder, ending) => {
	const root = new URL(`../../${folder}/`, import.meta.url);
	return readdirSync(root, { recursive: true }).filter(file => file.endsWith(ending)).map(file => [file, readFileSync(new URL(file, root), 'utf8')]);
};
const styled = new Set();
for (const [, sheet] of read('style', '.css')) {
	for (const [, name] of sheet.replaceAll(/\/\*.*?\*\//gs, '').matchAll(/\.([a-z][\w-]*)/g)) styled.add(name);
}

test('no class in the markup is unknown to the stylesheet', () => {
	const unknown = [];
	for (const [file, source] of read('app/src', '.rs')) {
		for (const [, names] of source.matchAll(/\bclass="([^"]*)"/g)) {
			for (const name of names.split(' ')) if (name && !styled.has(name)) unknown.push(`${name} in ${file}`);
		}
	}
	assert.deepEqual(unknown, []);
});
