import { Injectable } from '@nestjs/common';

/** The state of this process's calls to the Control Plane. A new claim of the lease does not reset it. */
@Injectable()
export class LinkState {
  /** The number of calls in a row that failed or whose response was not trusted. */
  failures = 0;
}
