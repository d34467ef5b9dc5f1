import { lookup } from 'node:dns';
import { Injectable } from '@nestjs/common';
import { isPublicAddress } from './public-address';

/** How names become addresses, and which addresses are on the internet. Tests replace it. */
@Injectable()
export class OutboundNetwork {
  readonly lookup: typeof lookup = lookup;
  readonly isPublic: (address: string) => boolean = isPublicAddress;
}
