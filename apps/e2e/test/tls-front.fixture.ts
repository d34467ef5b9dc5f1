import { request } from 'node:http';
import { type Server, createServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { type TestCertificate } from '@atlas/testing';

/** Terminates TLS in front of a plane, as a proxy would. The plane may be started after the proxy. */
export class TlsFront {
  private server: Server;
  /** The URL of the plane. */
  target = '';

  static async start(certificate: TestCertificate): Promise<TlsFront> {
    const front = new TlsFront();
    front.server = createServer(certificate, (asked, answer) => {
      const { method, headers, url = '/' } = asked;
      const passed = request(new URL(url, front.target), { method, headers }, (given) => {
        answer.writeHead(given.statusCode ?? 502, given.headers);
        given.pipe(answer);
      });
      passed.on('error', () => answer.destroy());
      asked.pipe(passed);
    });
    await new Promise<void>((resolve) => front.server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  get url(): string {
    return `https://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}
