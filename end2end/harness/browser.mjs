// Chromium, and a visitor in it who notices everything that goes wrong on the way.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

const SCREENSHOTS = new URL('../screenshots/', import.meta.url).pathname;
const FLAGS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];

let browser;

export async function openBrowser() {
	browser ??= await chromium.launch({ executablePath: executable(), args: FLAGS });
}

export async function closeBrowser() {
	await browser?.close();
	browser = undefined;
}

/**
 * Somebody with a browser of their own: cookies, one page.
 * @param {string} portal origin of the portal
 * @param {{ script?: boolean, colour?: 'light' | 'dark', width?: number, cookies?: object[] }} [wishes]
 */
export async function visitor(portal, { script = true, colour = 'light', width = 1440, cookies = [] } = {}) {
	const context = await browser.newContext({
		baseURL: portal,
		javaScriptEnabled: script,
		colorScheme: colour,
		reducedMotion: 'reduce',
		viewport: { width, height: width < 500 ? 844 : 900 },
		permissions: script ? ['clipboard-read', 'clipboard-write'] : [],
	});
	context.setDefaultTimeout(15_000);
	await context.addCookies(cookies);
	const page = await context.newPage();
	const problems = [];
	/** Statuses that a test provokes on purpose; Chromium writes them to the console as well. */
	const expected = new Set();

	page.on('console', message => {
		const provoked = /status of (\d+)/.exec(message.text());
		if (message.type() === 'error' && !(provoked && expected.has(Number(provoked[1])))) problems.push(`console: ${message.text()}`);
	});
	page.on('pageerror', error => problems.push(`page error: ${error.message}`));
	page.on('request', request => {
		const { protocol, origin } = new URL(request.url());
		if (protocol.startsWith('http') && origin !== portal) problems.push(`third party: ${request.url()}`);
	});
	page.on('requestfailed', request => {
		const reason = request.failure()?.errorText;
		// What a page still fetches when its reader leaves is aborted, and nobody is the poorer. A browser that runs no
		// script refuses to load any, and calls that "csp".
		const fine = reason === 'net::ERR_ABORTED' || (!script && reason === 'csp' && request.url().endsWith('.js'));
		if (!fine) problems.push(`${reason}: ${request.url()}`);
	});
	page.on('response', response => {
		if (response.status() >= 400 && !expected.has(response.status())) problems.push(`${response.status()}: ${response.url()}`);
	});

	return {
		page,
		script,
		/** From now on these statuses are no problem. */
		expect: (...statuses) => statuses.forEach(status => expected.add(status)),
		/** Opens an address of the portal; answers its status. */
		open: async address => (await page.goto(address)).status(),
		/** Presses a button or link that leads to another page, and waits until that is there. */
		press: async (role, name) => {
			const left = page.waitForNavigation();
			await page.getByRole(role, { name }).first().click();
			await left;
		},
		/** Fills a form's fields by their names: text, files ({ name, mimeType, buffer }), choices, boxes. */
		fill: async values => {
			for (const [name, value] of Object.entries(values)) {
				const fields = page.locator(`main [name="${name}"]`);
				const kind = await fields.first().evaluate(field => field.type);
				if (kind === 'radio') await page.locator(`main [name="${name}"][value="${value}"]`).check();
				else if (kind === 'checkbox') await fields.first().setChecked(value);
				else if (kind === 'file') await fields.setInputFiles(value);
				else if (kind.startsWith('select')) await fields.selectOption(value);
				else await fields.fill(value);
			}
		},
		/** Sends the form that holds the field of this name, and waits for the answer. */
		send: async name => {
			const form = page.locator('main form', { has: page.locator(`[name="${name}"]`) });
			const answered = page.waitForNavigation();
			await form.locator('button:not([type="button"])').last().click();
			return (await answered).status();
		},
		picture: async (name, full = false) => {
			mkdirSync(SCREENSHOTS, { recursive: true });
			await page.screenshot({ path: `${SCREENSHOTS}${name}.png`, fullPage: full });
		},
		/** Fails with everything that went wrong since the last time. */
		fine: () => assert.deepEqual(problems.splice(0), []),
		/** For another visitor who shall be signed in as this one is. */
		cookies: () => context.cookies(),
		leave: () => context.close(),
	};
}

function executable() {
	for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
		try {
			return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
		} catch {
			// The next name.
		}
	}
	assert.ok(existsSync('/usr/bin/chromium'), 'there is no Chromium: `make setup` installs it');
	return '/usr/bin/chromium';
}
