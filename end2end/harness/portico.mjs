// Starts the built program as an operator would: settings in the environment, what it says on its standard streams.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createDatabase } from './postgres.mjs';
import { until } from './until.mjs';

const PROGRAM = resolve(process.env.PORTICO_BIN ?? new URL('../../target/debug/portico', import.meta.url).pathname);

/**
 * A running Portico with an empty database in a folder that vanishes with it.
 * @param {{ engine?: 'sqlite' | 'postgres', environment?: Record<string, string> }} [wishes]
 */
export async function startPortico({ engine = 'sqlite', environment = {} } = {}) {
	const folder = await mkdtemp(join(tmpdir(), 'portico-end2end-'));
	const database = engine === 'postgres' ? await createDatabase() : undefined;
	const [portal, gateway, operations] = (await freePorts(3)).map(port => `127.0.0.1:${port}`);
	const settings = {
		PATH: process.env.PATH,
		HOME: folder,
		PORTICO_DATA_DIR: join(folder, 'data'),
		PORTICO_PORTAL_LISTEN: portal,
		PORTICO_GATEWAY_LISTEN: gateway,
		PORTICO_OPS_LISTEN: operations,
		PORTICO_UPSTREAM_ALLOW: '127.0.0.0/8',
		PORTICO_GATEWAY_THREADS: '1',
		...(database && { PORTICO_DATABASE_URL: database.url }),
		...environment,
	};
	const program = spawn(PROGRAM, ['serve'], { cwd: folder, env: settings, stdio: ['ignore', 'pipe', 'pipe'] });
	let said = '';
	for (const stream of [program.stdout, program.stderr]) stream.setEncoding('utf8').on('data', text => { said += text; });
	const ended = new Promise(end => program.on('exit', end).on('error', end));
	let running = true;
	ended.then(() => { running = false; });

	const stop = async () => {
		if (running) program.kill('SIGTERM');
		await ended;
		await database?.drop();
		await rm(folder, { recursive: true, force: true });
	};
	try {
		await until(async () => {
			if (!running) throw new Error('it ended');
			return (await fetch(`http://${operations}/ready`)).ok;
		}, 'Portico is ready');
	} catch (error) {
		program.kill('SIGKILL');
		await stop();
		throw new Error(`${PROGRAM} did not start (${error.message}). It said:\n${said}`);
	}
	return {
		portal: `http://${portal}`,
		gateway: `http://${gateway}`,
		operations: `http://${operations}`,
		/** Everything it has said so far. */
		said: () => said,
		/** The one-time link on which the first administrator is made. */
		firstLink: () => until(() => said.match(/https?:\/\/\S+\/setup\?token=[\w-]+/)?.[0], 'the one-time link is printed'),
		/** Runs a command of the same installation; answers its standard output. */
		command: (words, input = '') => run(words, input, { cwd: folder, env: settings }),
		stop,
	};
}

/** Makes an account and a management token for it, as an operator does on the command line. */
export async function tokenFor(portico, { email, role, name = email, password }) {
	await portico.command(['account', 'create', '--email', email, '--role', role, '--name', name, '--password-stdin'], password);
	return (await portico.command(['token', 'create', '--email', email, '--name', 'end2end', '--expires', '1d'])).trim();
}

function run(words, input, options) {
	return new Promise((resolve, reject) => {
		const program = spawn(PROGRAM, words, { ...options, stdio: 'pipe' });
		let [out, err] = ['', ''];
		program.stdout.setEncoding('utf8').on('data', text => { out += text; });
		program.stderr.setEncoding('utf8').on('data', text => { err += text; });
		program.on('error', reject);
		program.on('close', code => {
			if (code === 0) resolve(out);
			else reject(new Error(`portico ${words.join(' ')} ended with ${code}:\n${err}`));
		});
		program.stdin.end(input);
	});
}

/** Ports that were free a moment ago; all are held until all are found, so that no two are one. */
async function freePorts(count) {
	const servers = await Promise.all(
		Array.from({ length: count }, () => new Promise((resolve, reject) => {
			const server = createServer().on('error', reject).listen(0, '127.0.0.1', () => resolve(server));
		})),
	);
	const ports = servers.map(server => server.address().port);
	await Promise.all(servers.map(server => new Promise(closed => server.close(closed))));
	return ports;
}
