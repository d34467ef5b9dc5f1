import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { listen } from './listen';

@Module({})
class Nothing {}

describe('an unavailable address', () => {
  const apps: NestFastifyApplication[] = [];
  const listenAt = async (PORT: number, HOST: string): Promise<NestFastifyApplication> => {
    const app = await NestFactory.create<NestFastifyApplication>(Nothing, new FastifyAdapter(), {
      logger: false,
    });
    apps.push(app);
    await listen(app, { PORT, HOST });
    return app;
  };
  afterAll(() => Promise.all(apps.map((app) => app.close())));

  it('is reported with advice when the port is in use or the machine does not have the address', async () => {
    const url = new URL(await (await listenAt(0, '127.0.0.1')).getUrl());
    await expect(listenAt(Number(url.port), '127.0.0.1')).rejects.toThrow(
      `:\n  - Port ${url.port} is in use by another process (process ${process.pid}). Stop that ` +
        'process, or set PORT to a free port',
    );
    // This address is reserved for documentation, so no machine has it.
    await expect(listenAt(0, '192.0.2.1')).rejects.toThrow('Set HOST to an address that does');
  });
});
