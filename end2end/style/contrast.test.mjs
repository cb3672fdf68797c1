// Recomputes the contrast of every pair of colours that style/tokens.css lets meet (WCAG 2.2, 1.4.3 and 1.4.11).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const tokens = readFileSync(new URL('../../style/tokens.css', import.meta.url), 'utf8');
const colours = new Map();
for (const [, name, light, dark] of tokens.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)) {
	colours.set(name, { light: channels(light), dark: channels(dark) });
}

const TEXTS = ['text', 'text-2', 'text-3', 'accent', 'blue', 'green', 'amber', 'violet', 'red'];
const SURFACES = ['bg', 'surface', 'sunken', 'hover', 'tint'];
const HUES = ['blue', 'green', 'amber', 'violet', 'red'];
const SERIES = ['c1', 'c2', 'c3', 'c4', 'c5'];

for (const theme of ['light', 'dark']) {
	const of = name => colours.get(name)?.[theme] ?? assert.fail(`style/tokens.css has no --${name}`);

	test(`${theme}: text is readable on every surface`, () => {
		for (const text of TEXTS) for (const surface of SURFACES) meets(4.5, `${text} on ${surface}`, of(text), of(surface));
	});
	test(`${theme}: tones are readable on their own ground, and callouts on theirs`, () => {
		for (const hue of HUES) {
			meets(4.5, `${hue} on its ground`, of(hue), of(`${hue}-bg`));
			const callout = mix(of(`${hue}-bg`), of('bg'), 0.6);
			for (const text of ['text', 'text-2', 'text-3']) meets(4.5, `${text} on a ${hue} callout`, of(text), callout);
		}
	});
	test(`${theme}: the primary button is readable, under the pointer too`, () => {
		meets(4.5, 'primary button', of('on-accent'), of('accent'));
		meets(4.5, 'primary button, hovered', of('on-accent'), mix(of('accent'), of('text'), 0.86));
	});
	test(`${theme}: edges of controls, focus rings and chart series can be seen`, () => {
		for (const edge of ['border-strong', 'focus']) {
			for (const surface of ['bg', 'surface', 'sunken', 'tint']) meets(3, `${edge} on ${surface}`, of(edge), of(surface));
		}
		for (const series of SERIES) meets(3, `${series} on bg`, of(series), of('bg'));
	});
}

function meets(least, pair, one, other) {
	const [bright, dim] = [luminance(one), luminance(other)].sort((a, b) => b - a);
	const contrast = (bright + 0.05) / (dim + 0.05);
	assert.ok(contrast >= least, `${pair}: ${contrast.toFixed(2)}, at least ${least} is needed`);
}

function channels(hex) {
	return [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16));
}

function mix(one, other, share) {
	return one.map((value, channel) => value * share + other[channel] * (1 - share));
}

function luminance(colour) {
	const [red, green, blue] = colour.map(value => {
		const part = value / 255;
		return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
