import { type Server, createServer } from 'node:net';
import { CommandFailure } from '../failure';
import { type WantedPort } from './stack-options';

/** Checks that each wanted port is free, and finds one for those that are 0. All are different. */
export async function reservePorts(wanted: readonly WantedPort[]): Promise<number[]> {
  const servers: Server[] = [];
  try {
    // Hold all of them until the last one is found.
    for (const port of wanted) servers.push(await hold(port));
    return servers.map(portOf);
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

function hold({ variable, port }: WantedPort): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is already in use' : `cannot be used (${error.code})`;
      reject(
        new CommandFailure(`Port ${port} ${why}.`, {
          code: 'port_in_use',
          hint: `Stop what listens there, or set ${variable} to another port (0: any free one).`,
        }),
      );
    });
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The port is unknown.');
  return address.port;
}
