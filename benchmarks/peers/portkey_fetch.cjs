// Hands Portkey a copy of each answer that it fetches, whose headers it can change: those of a fetched one are immutable.
const fetched = globalThis.fetch;
globalThis.fetch = async (...asked) => {
    const answer = await fetched(...asked);
    return new Response(answer.body, answer);
};
