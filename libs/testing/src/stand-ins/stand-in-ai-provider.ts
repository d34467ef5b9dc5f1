import { type Server, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { anthropicAnswer } from './anthropic-answer';
import { type AskedOfProvider } from './asked-of-provider';
import { openAiAnswer } from './openai-answer';

type Answering = (response: ServerResponse, asked: AskedOfProvider) => unknown;

/**
 * Stands in for a real AI, which tests cannot use. It speaks the wire protocols of OpenAI and Anthropic over
 * real HTTP, including streaming, unless a test replaces `answering`.
 */
export class StandInAiProvider {
  readonly asked: AskedOfProvider[] = [];
  text = 'The disk is full.';
  /** The causes in its analyses. */
  hypotheses: readonly object[] = [];
  promptTokens = 20;
  completionTokens = 4;
  /** What is counted only in the total of OpenAI's protocol, as some providers do. */
  reasoningTokens = 0;
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

  /** For OpenAI's protocol. */
  get baseUrl(): string {
    return `${this.origin}/v1`;
  }

  /** The base URL for Anthropic's protocol. */
  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  answerProperly(): void {
    this.answering = (response, asked) => {
      const { bodies, type } = this.answerTo(asked);
      response.setHeader('content-type', type);
      for (const body of bodies) response.write(body);
      response.end();
    };
  }

  /** Answers with an error status, as the next `times` responses. */
  refuse(status: number, headers: Readonly<Record<string, string>> = {}, times = Infinity): void {
    let left = times;
    this.answering = (response) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end('{"error":{"message":"no"}}');
      if ((left -= 1) === 0) this.answerProperly();
    };
  }

  /**
   * Sends the first `parts` of a proper answer, and the headers if there are any, and then does what `then`
   * does: nothing at all if it is left out.
   */
  stopAfter(parts: number, then: (response: ServerResponse) => void = () => undefined): void {
    this.answering = (response, asked) => {
      const { bodies, type } = this.answerTo(asked);
      if (parts === 0) return then(response);
      response.setHeader('content-type', type);
      response.write(bodies.slice(0, parts).join(''), () => then(response));
    };
  }

  /** Answers properly, with `everyMs` milliseconds between the parts. */
  trickle(everyMs: number): void {
    this.answering = async (response, asked) => {
      const { bodies, type } = this.answerTo(asked);
      response.setHeader('content-type', type);
      for (const body of bodies) {
        response.write(body);
        await sleep(everyMs);
      }
      response.end();
    };
  }

  private answerTo(asked: AskedOfProvider): { readonly bodies: readonly string[]; readonly type: string } {
    const answers = asked.path.endsWith('/messages') ? anthropicAnswer : openAiAnswer;
    const { promptTokens, completionTokens, reasoningTokens } = this;
    const counts = { promptTokens, completionTokens, reasoningTokens };
    return {
      bodies: answers(asked.body, { ...counts, text: this.textFor(asked) }),
      type: asked.body.stream ? 'text/event-stream' : 'application/json',
    };
  }

  /** Follows the instructions for analyses. */
  private textFor({ body }: AskedOfProvider): string {
    const isAnalysis = JSON.stringify(body).includes('hypotheses');
    return isAnalysis ? analysisSaying(this.text, ...this.hypotheses) : this.text;
  }
}

/** An analysis of an incident as a model that follows the tenant plane's instructions writes it. */
export function analysisSaying(text: string, ...hypotheses: readonly object[]): string {
  return `${text}\n\n\`\`\`json\n${JSON.stringify({ hypotheses })}\n\`\`\``;
}

function endOf(response: ServerResponse): Promise<'finished' | 'aborted'> {
  return new Promise((resolve) =>
    response.once('close', () => resolve(response.writableFinished ? 'finished' : 'aborted')),
  );
}
