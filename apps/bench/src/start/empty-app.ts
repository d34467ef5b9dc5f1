import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { Column, Entity, PrimaryColumn, type Repository } from 'typeorm';

@Entity('things')
class Thing {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') name: string;
}

@Controller()
class Things {
  constructor(@InjectRepository(Thing) private readonly things: Repository<Thing>) {}

  @Get('things')
  list(): Promise<Thing[]> {
    return this.things.find({ take: 50 });
  }

  @Get('health/ready')
  async ready(): Promise<object> {
    await this.things.query('select 1');
    return { status: 'ok' };
  }
}

const database = { type: 'postgres', url: process.env['DATABASE_URL'] } as const;

@Module({
  imports: [
    TypeOrmModule.forRoot({ ...database, entities: [Thing], installExtensions: false }),
    TypeOrmModule.forFeature([Thing]),
  ],
  controllers: [Things],
})
class EmptyApp {}

/**
 * The app that a tenant plane is compared with: the same framework, server and database, bundled the same
 * way, and almost nothing else.
 */
async function main(): Promise<void> {
  const app = await NestFactory.create(EmptyApp, new FastifyAdapter());
  await app.listen(Number(process.env['PORT']), '127.0.0.1');
  process.stdout.write('The app is ready\n');
}

void main();
