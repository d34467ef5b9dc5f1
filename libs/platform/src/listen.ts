import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { EnvironmentError } from './environment';

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there. End it, or set PORT to another one',
  EACCES: 'this user may not listen there. Set PORT to 1024 or more',
  EADDRNOTAVAIL: 'this machine has no such address. Set HOST to one that it has',
};

/** Throws {@link EnvironmentError} where HOST and PORT are not to be had. */
export async function listen(
  app: NestFastifyApplication,
  { PORT, HOST }: { readonly PORT: number; readonly HOST: string },
): Promise<void> {
  try {
    await app.listen(PORT, HOST);
  } catch (error) {
    const advice = ADVICE[(error as NodeJS.ErrnoException).code ?? ''];
    throw advice === undefined ? error : new EnvironmentError([`PORT ${PORT} of ${HOST}: ${advice}`]);
  }
}
