import { type Server, createServer, request } from 'node:http';
import { type AddressInfo } from 'node:net';

/** A proxy to the Control Plane that drops some calls. */
export class CuttingFront {
  /**
   * Calls to paths with these endings are dropped. A GET gets an unsigned 200 response, and any other call
   * gets a 503.
   */
  cuts: readonly string[] = [];
  /** The URL of the Control Plane. */
  target = '';
  /** Paths of the calls that the Control Plane accepted, in order. */
  readonly accepted: string[] = [];
  private server: Server;

  static async start(): Promise<CuttingFront> {
    const front = new CuttingFront();
    front.server = createServer((asked, answer) => {
      const { method, headers, url = '/' } = asked;
      const { pathname } = new URL(url, 'http://front');
      if (front.cuts.some((path) => pathname.endsWith(path)))
        return void answer.writeHead(method === 'GET' ? 200 : 503).end();
      const passed = request(new URL(url, front.target), { method, headers }, (given) => {
        if (given.statusCode === 200) front.accepted.push(pathname);
        answer.writeHead(given.statusCode ?? 502, given.headers);
        given.on('error', () => answer.destroy()).pipe(answer);
      });
      passed.on('error', () => answer.destroy());
      answer.on('close', () => passed.destroy());
      asked.pipe(passed);
    });
    await new Promise<void>((resolve) => front.server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}
