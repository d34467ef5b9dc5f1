import { type Socket, connect } from 'node:net';
import { once } from 'node:events';
import { type HttpAnswer, readAnswer } from './answer';

interface Waiting {
  readonly resolve: (answer: HttpAnswer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A persistent HTTP connection that carries one request at a time. The benchmark shares two cores with the
 * planes under test, so the connection only writes prepared bytes and finds the end of each response.
 */
export class KeepAliveConnection {
  private received: Buffer = Buffer.alloc(0);
  private waiting?: Waiting;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('The connection was closed before the response arrived.')));
  }

  static async open(url: string): Promise<KeepAliveConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    return new KeepAliveConnection(socket);
  }

  send(message: string): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(message);
    });
  }

  close(): void {
    this.waiting = undefined;
    this.socket.destroy();
  }

  /** Breaks the connection, as a network does. A call that waits for its response fails. */
  cut(): void {
    this.socket.resetAndDestroy();
  }

  private receive(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    try {
      const answer = readAnswer(this.received);
      if (!answer) return;
      this.received = Buffer.alloc(0);
      this.settle()?.resolve(answer);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  private fail(error: Error): void {
    this.settle()?.reject(error);
  }

  private settle(): Waiting | undefined {
    const { waiting } = this;
    this.waiting = undefined;
    return waiting;
  }
}

/** Opens one connection per caller, and closes them when `work` is done. */
export async function withConnections<T>(
  url: string,
  count: number,
  work: (connections: readonly KeepAliveConnection[]) => Promise<T>,
): Promise<T> {
  const connections = await Promise.all(Array.from({ length: count }, () => KeepAliveConnection.open(url)));
  try {
    return await work(connections);
  } finally {
    for (const connection of connections) connection.close();
  }
}
