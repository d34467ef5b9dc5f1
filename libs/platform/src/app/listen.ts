import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { EnvironmentError } from '../config/environment';
import { namedListener } from '../processes/processes';

interface Address {
  readonly PORT: number;
  readonly HOST: string;
}

const PROBLEMS: Readonly<Record<string, (address: Address) => string>> = {
  EADDRINUSE: ({ PORT }) => portInUse(PORT),
  EACCES: ({ PORT }) => `This user may not listen on port ${PORT}. Set PORT to 1024 or more`,
  EADDRNOTAVAIL: ({ HOST }) =>
    `The address ${HOST} does not belong to this machine. Set HOST to an address that does`,
};

/** Throws {@link EnvironmentError} if HOST or PORT is unavailable. */
export async function listen(app: NestFastifyApplication, address: Address): Promise<void> {
  try {
    await app.listen(address.PORT, address.HOST);
  } catch (error) {
    const problem = PROBLEMS[(error as NodeJS.ErrnoException).code ?? ''];
    throw problem === undefined
      ? error
      : new EnvironmentError([problem(address)], 'The plane cannot listen on its address');
  }
}

export const FREE_THE_PORT = 'Stop that process, or set PORT to a free port';

function portInUse(port: number): string {
  return `Port ${port} is in use by another process${namedListener(port)}. ${FREE_THE_PORT}`;
}
