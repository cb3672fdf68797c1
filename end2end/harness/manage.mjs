// The management API, as a program speaks it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

export const PETSTORE = await readFile(new URL('../documents/petstore.yaml', import.meta.url), 'utf8');

/** A function that calls the API with a token and answers what came; anything but success fails. */
export function manager(portico, token) {
	return async (method, path, body, { type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' } = {}) => {
		const answer = await fetch(`${portico.portal}/api/v1${path}`, {
			method,
			headers: { authorization: `Bearer ${token}`, 'content-type': type },
			body: typeof body === 'string' ? body : JSON.stringify(body),
		});
		const text = await answer.text();
		assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
		return text && JSON.parse(text);
	};
}

/** Publishes the pet shop under a name. */
export const publish = (manage, api, upstream) => manage('PUT', `/apis/${api}?upstream=${upstream}&publish=true`, PETSTORE, { type: 'application/yaml' });
