import { type IncomingHttpHeaders, type Server, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';

export interface AskedOfProvider {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: {
    readonly model: string;
    readonly messages: readonly { content: string }[];
    readonly stream?: boolean;
  };
  /** Resolves when the response has been sent or its receiver has disconnected. */
  readonly closed: Promise<'finished' | 'aborted'>;
}

type Answering = (response: ServerResponse, asked: AskedOfProvider) => void;

/**
 * Stands in for a real AI, which tests cannot use. It speaks OpenAI's wire protocol over real HTTP, including
 * streaming, unless a test replaces `answering`.
 */
export class StandInAiProvider {
  readonly asked: AskedOfProvider[] = [];
  text = 'The disk is full.';
  answering: Answering;
  private server: Server;

  static async start(): Promise<StandInAiProvider> {
    const provider = new StandInAiProvider();
    provider.answerProperly();
    provider.server = createServer((request, response) => {
      void request.toArray().then((chunks) => {
        const { url: path = '', headers } = request;
        const body = JSON.parse(Buffer.concat(chunks).toString());
        const asked = { path, headers, body, closed: endOf(response) };
        provider.asked.push(asked);
        provider.answering(response, asked);
      });
    });
    await new Promise<void>((resolve) => provider.server.listen(0, '127.0.0.1', resolve));
    return provider;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  answerProperly(): void {
    this.answering = (response, asked) => this.answer(response, asked);
  }

  private answer(response: ServerResponse, { body: { model, stream } }: AskedOfProvider): void {
    const completion = { id: 'chatcmpl-1', created: 1_900_000_000, model };
    if (!stream) {
      const message = { role: 'assistant', content: this.text };
      const choices = [{ index: 0, message, finish_reason: 'stop' }];
      const usage = { prompt_tokens: 20, completion_tokens: 4, total_tokens: 24 };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ...completion, object: 'chat.completion', choices, usage }));
      return;
    }
    response.setHeader('content-type', 'text/event-stream');
    const deltas = [...this.text.split(/(?<= )/).map((content) => ({ content })), {}];
    for (const delta of deltas) response.write(eventOf({ ...completion, choices: [{ index: 0, delta }] }));
    response.end('data: [DONE]\n\n');
  }
}

function eventOf(chunk: object): string {
  return `data: ${JSON.stringify({ object: 'chat.completion.chunk', ...chunk })}\n\n`;
}

function endOf(response: ServerResponse): Promise<'finished' | 'aborted'> {
  return new Promise((resolve) =>
    response.once('close', () => resolve(response.writableFinished ? 'finished' : 'aborted')),
  );
}
