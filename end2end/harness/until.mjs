/**
 * Asks again and again until `question` answers something; what it throws counts as "not yet". A limit of time is for the
 * case of failure alone: nothing here asserts how long a thing takes.
 */
export async function until(question, what, limit = 30_000) {
	const end = Date.now() + limit;
	let last;
	do {
		try {
			const answer = await question();
			if (answer) return answer;
			last = undefined;
		} catch (error) {
			last = error;
			if (error.message === 'it ended') break;
		}
		await new Promise(resume => setTimeout(resume, 50));
	} while (Date.now() < end);
	throw new Error(`never happened: ${what}${last ? ` (${last.message})` : ''}`);
}
