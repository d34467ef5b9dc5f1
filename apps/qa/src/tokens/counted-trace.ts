/** Statements are counted for requests with this trace id. */
export const COUNTED_TRACE = 'c0'.repeat(16);
export const COUNTED = { traceparent: `00-${COUNTED_TRACE}-${'c0'.repeat(8)}-01` } as const;
