import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Controller, Get, Param, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { ApiExcludeController } from '../openapi/api-decorators';
import { contentPolicy } from '../http/content-policy';
import { DomainError } from '../errors/errors';
import { Public } from '../http/public.decorator';

/** The folder of the rendered guides: beside a plane's bundle, or in this library's build output. */
const FOLDER = join(__dirname, existsSync(join(__dirname, 'help')) ? 'help' : '../../dist/help');
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': contentPolicy({ 'style-src': "'self'" }),
} as const;

const LIST = 'index';

/** The guides for people who run or use a plane, rendered at build time. */
@ApiExcludeController()
@Public()
@Controller('help')
export class HelpController {
  private readonly pages = new Map<string, string>();

  @Get()
  list(@Res() reply: FastifyReply): FastifyReply {
    return reply.headers(HEADERS).send(this.page(LIST));
  }

  @Get(':name')
  show(@Param('name') name: string, @Res() reply: FastifyReply): FastifyReply {
    return reply.headers(HEADERS).send(this.page(name === LIST ? '' : name));
  }

  private page(name: string): string {
    const page = this.pages.get(name) ?? read(`${name}.html`);
    if (page === null)
      throw new DomainError(
        'not_found',
        'not_found',
        'There is no such guide. GET /help lists the available guides.',
      );
    this.pages.set(name, page);
    return page;
  }
}

/** Reads only files that the folder lists, so a name cannot lead out of the folder. */
function read(file: string): string | null {
  return readdirSync(FOLDER).includes(file) ? readFileSync(join(FOLDER, file), 'utf8') : null;
}
