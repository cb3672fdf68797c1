// The service behind the gateway: answers like a pet shop and remembers what it was asked.
import { createServer } from 'node:http';

const PETS = [
	{ id: 1, name: 'Miso', kind: 'cat' },
	{ id: 2, name: 'Bruno', kind: 'dog' },
];

/** @returns a service on loopback: its `url`, the `requests` it got (method, path, headers, body), `stop`. */
export async function startUpstream() {
	const requests = [];
	const server = createServer(async (request, response) => {
		let body = '';
		for await (const chunk of request.setEncoding('utf8')) body += chunk;
		requests.push({ method: request.method, path: request.url, headers: request.headers, body });
		const [status, answer] = serve(request.method, new URL(request.url, 'http://upstream').pathname, body);
		response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
	});
	await new Promise((listening, failed) => server.on('error', failed).listen(0, '127.0.0.1', listening));
	return {
		url: `http://127.0.0.1:${server.address().port}`,
		requests,
		stop: () => new Promise(stopped => {
			server.close(stopped);
			server.closeAllConnections();
		}),
	};
}

function serve(method, path, body) {
	if (path === '/pets') return method === 'POST' ? [201, { id: 3, ...JSON.parse(body) }] : [200, PETS];
	const pet = PETS.find(pet => path === `/pets/${pet.id}`);
	return pet ? [200, pet] : [404, { message: `nothing at ${path}` }];
}
