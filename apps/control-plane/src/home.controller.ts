import { ApiExcludeController, Public } from '@atlas/platform';
import { Controller, Get } from '@nestjs/common';
import { HTTP_APP } from './http-app.options';

/** Links for visitors who only know the address. */
@ApiExcludeController()
@Public()
@Controller()
export class HomeController {
  @Get()
  home() {
    return {
      name: HTTP_APP.title,
      links: { help: '/help', docs: '/docs', openapi: '/openapi.json', ready: '/health/ready' },
    };
  }
}
