import { type Server, createServer } from 'node:net';
import { CommandFailure } from '../failure';
import { type WantedPort } from './stack-options';

/** Checks that each wanted port is free, and finds a free port for each 0. All returned ports differ. */
export async function reservePorts(wanted: readonly WantedPort[]): Promise<number[]> {
  const servers: Server[] = [];
  try {
    // Each port stays bound until all are found, so that none is returned twice.
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
          hint: `Stop the process that uses it, or set ${variable} to another port (0 for any free port).`,
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
