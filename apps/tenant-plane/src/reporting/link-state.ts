import { Injectable } from '@nestjs/common';

/** How this process's calls to the Control Plane are going, under whichever claim of the lease. */
@Injectable()
export class LinkState {
  /** Calls in a row that failed, or whose answer was not trusted. */
  failures = 0;
}
