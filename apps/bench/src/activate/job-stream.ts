import { type IncomingMessage, get } from 'node:http';
import { once } from 'node:events';

interface JobEnd {
  readonly status: string;
}

/** Follows a job's server-sent events until the job is done. Throws unless the job succeeded. */
export async function untilDone(url: URL, apiKey: string): Promise<void> {
  const request = get(url, { headers: { authorization: `Bearer ${apiKey}` } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) {
    text += String(chunk);
    const end = /event: done\ndata: (.*)\n\n/.exec(text)?.[1];
    if (end === undefined) continue;
    request.destroy();
    return requireSuccess(JSON.parse(end) as JobEnd, end);
  }
  throw new Error(`The stream of ${url.pathname} closed before the job finished.`);
}

function requireSuccess({ status }: JobEnd, text: string): void {
  if (status !== 'succeeded') throw new Error(`A job did not succeed: ${text}`);
}
