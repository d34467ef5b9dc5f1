import { once } from 'node:events';
import { type IncomingHttpHeaders, type Server, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';

export interface Question {
  readonly query: string;
  /** In seconds since 1970. */
  readonly time: number;
}

type Answering = (question: Question, response: ServerResponse) => void;

export const vector = (...values: readonly string[]): object => ({
  status: 'success',
  data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [0, value] })) },
});

/** A server that answers queries as told, and remembers them. */
export class StandInPrometheus {
  readonly questions: Question[] = [];
  /** Of the last request. */
  headers: IncomingHttpHeaders = {};
  private answering: Answering = () => undefined;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<StandInPrometheus> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const prometheus = new StandInPrometheus(server, `http://127.0.0.1:${port}/prefix`);
    server.on('request', ({ url = '', headers }, response) => {
      prometheus.headers = headers;
      prometheus.receive(url, response);
    });
    return prometheus;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  /** The JSON that each later question gets, with the HTTP status. */
  answer(answerOf: (question: Question) => object, status = 200): void {
    this.answering = (question, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answerOf(question)));
    };
  }

  answerRaw(answering: Answering): void {
    this.answering = answering;
  }

  private receive(url: string, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'http://prometheus');
    if (pathname !== '/prefix/api/v1/query') return void response.writeHead(404).end();
    const question = { query: searchParams.get('query') ?? '', time: Number(searchParams.get('time')) };
    this.questions.push(question);
    this.answering(question, response);
  }
}
