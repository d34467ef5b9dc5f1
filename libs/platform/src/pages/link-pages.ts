import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Controller, Get, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { ApiExcludeController } from '../openapi/api-decorators';
import { contentPolicy } from '../http/content-policy';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from '../password';
import { escaped } from '../problems/problem-page';
import { Public } from '../http/public.decorator';

/** The folder of the pages: beside a plane's bundle, or beside the sources of this library. */
const FOLDER = join(__dirname, existsSync(join(__dirname, 'pages')) ? 'pages' : '../../pages');
const POLICY = contentPolicy({
  'script-src': "'self'",
  'style-src': "'self'",
  'connect-src': "'self'",
});

/**
 * Pages opened from links in emails. The token is in the URL fragment, which only the page's script reads.
 * The token reaches the server only in the body of a POST.
 */
const TITLES = {
  signup: 'Choose your password',
  'reset-password': 'Choose a new password',
  'reset-operator-password': 'Choose your password',
} as const;

export type LinkPage = keyof typeof TITLES;

/** `name` appears within sentences, `who` in the title and above the heading. */
export function sendLinkPage(reply: FastifyReply, page: LinkPage, name: string, who = name): FastifyReply {
  const words = {
    min: String(MIN_PASSWORD_LENGTH),
    max: String(MAX_PASSWORD_LENGTH),
    name: escaped(name),
    who: escaped(who),
    title: TITLES[page],
  };
  const password = filled(read('password-field.html'), words);
  const sections = filled(read(`${page}.html`), { ...words, password });
  return reply
    .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY })
    .send(filled(read('around.html'), { ...words, sections }));
}

/** The files that the pages load. */
@ApiExcludeController()
@Public()
@Controller('assets')
export class PageAssetsController {
  @Get('page.css')
  style(@Res() reply: FastifyReply): FastifyReply {
    return reply.type('text/css; charset=utf-8').send(read('page.css'));
  }

  @Get('page.js')
  script(@Res() reply: FastifyReply): FastifyReply {
    return reply.type('text/javascript; charset=utf-8').send(read('page.js'));
  }
}

const texts = new Map<string, string>();

function read(file: string): string {
  const text = texts.get(file) ?? readFileSync(join(FOLDER, file), 'utf8');
  texts.set(file, text);
  return text;
}

function filled(text: string, words: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, word: string) => words[word] ?? '');
}
