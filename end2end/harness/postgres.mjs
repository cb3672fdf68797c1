// A PostgreSQL of our own, on a socket in a folder that vanishes; started at the first wish, one for a test process.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.mjs';

const run = promisify(execFile);
const USER = 'portico';
let server;
let made = 0;

/** An empty database: its URL, and how to drop it. */
export async function createDatabase() {
	server ??= start();
	const { folder, bin, drop } = await server;
	const name = `portico_${++made}`;
	await run(join(bin, 'createdb'), ['--host', folder, '--username', USER, name]);
	return { url: `postgres://${USER}@localhost/${name}?host=${encodeURIComponent(folder)}`, drop: () => drop(name) };
}

async function start() {
	const bin = programs();
	const folder = mkdtempSync(join(tmpdir(), 'portico-pg-'));
	const as = unprivileged();
	if (as.uid !== undefined) chownSync(folder, as.uid, as.gid);
	const options = { ...as, cwd: folder, stdio: 'ignore' };
	execFileSync(join(bin, 'initdb'), ['--pgdata', join(folder, 'data'), '--username', USER, '--auth', 'trust', '--no-sync', '--encoding', 'UTF8', '--locale', 'C'], options);
	const settings = { listen_addresses: '', unix_socket_directories: folder, fsync: 'off', max_connections: '200' };
	const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
	const program = spawn(join(bin, 'postgres'), ['-D', join(folder, 'data'), ...flags], options);
	process.on('exit', () => {
		program.kill('SIGKILL');
		rmSync(folder, { recursive: true, force: true });
	});
	program.unref();
	await until(() => run(join(bin, 'psql'), ['--host', folder, '--username', USER, '--command', 'select 1', 'postgres']), 'PostgreSQL is ready');
	return { folder, bin, drop: name => run(join(bin, 'dropdb'), ['--host', folder, '--username', USER, '--force', name]) };
}

function programs() {
	const folders = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
	const newest = folders.map(Number).sort((a, b) => b - a).map(version => `/usr/lib/postgresql/${version}/bin`);
	const found = [...newest, ...process.env.PATH.split(':')].find(folder => existsSync(join(folder, 'initdb')));
	if (!found) throw new Error('there is no initdb: `make setup` installs PostgreSQL');
	return found;
}

/** PostgreSQL refuses to run as root. */
function unprivileged() {
	if (process.getuid() !== 0) return {};
	for (const user of ['postgres', 'nobody']) {
		try {
			const id = flag => Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] }));
			return { uid: id('-u'), gid: id('-g') };
		} catch {
			// The next one.
		}
	}
	throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody');
}
