// A document of 600 operations over 200 schemas that refer to each other, of the size at which viewers get slow.
export function bigDocument() {
	const [paths, schemas, tags] = [{}, {}, []];
	for (let group = 0; group < 20; group++) {
		tags.push({ name: `Group ${group}`, description: `Ten kinds of things, number ${group}.` });
		for (let kind = 0; kind < 10; kind++) {
			const name = `Thing${group * 10 + kind}`;
			const next = `Thing${(group * 10 + kind + 1) % 200}`;
			const [path, tag, schema] = [`/group-${group}/${name.toLowerCase()}`, [`Group ${group}`], { $ref: `#/components/schemas/${name}` }];
			const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
			const answer = (description, schema) => ({ description, content: { 'application/json': { schema } } });
			schemas[name] = {
				type: 'object',
				description: `The ${name} of its group.`,
				required: ['id'],
				properties: {
					id: { type: 'string' },
					size: { type: 'integer', minimum: 0 },
					next: { $ref: `#/components/schemas/${next}` },
					others: { type: 'array', items: { $ref: `#/components/schemas/${next}` } },
				},
			};
			paths[path] = {
				get: { operationId: `list${name}`, tags: tag, summary: `List each ${name}`, responses: { 200: answer('All.', { type: 'array', items: schema }) } },
				post: {
					operationId: `create${name}`,
					tags: tag,
					summary: `Make a ${name}`,
					requestBody: { required: true, content: { 'application/json': { schema } } },
					responses: { 201: answer('Made.', schema) },
				},
			};
			paths[`${path}/{id}`] = {
				parameters: [id],
				get: { operationId: `get${name}`, tags: tag, summary: `Get a ${name}`, responses: { 200: answer('It.', schema) } },
			};
		}
	}
	return {
		openapi: '3.1.0',
		info: { title: 'Everything', version: '2026-01', description: 'Six hundred operations.' },
		servers: [{ url: 'https://everything.example' }],
		tags,
		paths,
		components: { schemas },
	};
}
