import { type EgressClassView, type ResidencyView } from '@atlas/tenant-api/residency';
import { type EgressClass } from '@atlas/deployment-profiles';
import { Injectable } from '@nestjs/common';
import { Deployment } from '../plane-identity/deployment';

/** What may leave this plane. Derived from the rules that the door applies. */
@Injectable()
export class DeclaredEgress {
  constructor(private readonly deployment: Deployment) {}

  view(): ResidencyView {
    const { model, dataResidency, egress } = this.deployment.profile;
    const { isOffline } = this.deployment;
    const classes = egress.filter(({ destination }) => !isOffline || destination !== 'control_plane');
    const { text } = dataResidency;
    return { deployment_model: model, text, classes: classes.map((one) => this.viewOf(one)) };
  }

  private viewOf({ name, needsConsent, concerns, ...declared }: EgressClass): EgressClassView {
    const { purpose, destination, contents, fields } = declared;
    const inLedger = concerns === 'tenant' || this.deployment.profile.tenantFixed;
    return {
      class: name,
      purpose,
      destination,
      contents,
      needs_consent: needsConsent,
      in_ledger: inLedger,
      fields,
    };
  }
}
