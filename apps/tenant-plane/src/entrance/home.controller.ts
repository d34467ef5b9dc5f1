import { ApiExcludeController, PAGE_HEADERS, escaped } from '@atlas/platform';
import { Controller, Get, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { WithoutLogin } from '../access/requires';
import { CurrentTenant } from '../access/tenant-request';
import { type Tenant } from '../tenancy/tenant.entity';

/** The page at a tenant's address. */
@ApiExcludeController()
@Controller()
export class HomeController {
  @WithoutLogin()
  @Get()
  async home(@CurrentTenant() { name }: Tenant, @Res() reply: FastifyReply): Promise<void> {
    const title = escaped(name);
    const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1><p>Atlas is served here. Its API is described at <a href="/docs">/docs</a>.</p>
<p><a href="/reset-password">Forgotten your password?</a> <a href="/help">Help</a></p></body></html>\n`;
    await reply.headers(PAGE_HEADERS).send(page);
  }
}
