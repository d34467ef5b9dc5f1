import { Anchor, type AnchorProps, Button, type ButtonProps, Text } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import { type ComponentPropsWithRef } from 'react';
import { useFleetPlane } from './planes';
import { type Job } from './types';

type LinkProps<Props> = Props & Omit<ComponentPropsWithRef<'a'>, keyof Props>;

function PlainAnchor(props: LinkProps<AnchorProps>) {
  return <Anchor {...props} />;
}

function PlainButton(props: LinkProps<ButtonProps>) {
  return <Button component="a" {...props} />;
}

export const TextLink = createLink(PlainAnchor);
/** The same as plain as can be, because lists have one per row. */
const RowLink = createLink('a');
export const ButtonLink = createLink(PlainButton);

export function TenantLink({ id, name }: { readonly id: string; readonly name: string }) {
  return (
    <RowLink className="atlas-link" to="/tenants/$id" params={{ id }}>
      {name}
    </RowLink>
  );
}

export function PlaneLink({ id }: { readonly id: string }) {
  const plane = useFleetPlane(id);
  return (
    <RowLink className="atlas-link" to="/fleet/$id" params={{ id }}>
      {plane?.name ?? shortId(id)}
    </RowLink>
  );
}

export function JobLink({ id, name }: { readonly id: string; readonly name: string }) {
  return (
    <RowLink className="atlas-link" to="/jobs/$id" params={{ id }}>
      {name}
    </RowLink>
  );
}

/** What a job is about: its tenant, its plane, or the whole fleet. */
export function JobSubject({ job }: { readonly job: Job }) {
  if (job.tenant_id !== null)
    return <TenantLink id={job.tenant_id} name={job.tenant_slug ?? shortId(job.tenant_id)} />;
  if (job.tenant_plane_id !== null) return <PlaneLink id={job.tenant_plane_id} />;
  return (
    <Text span size="sm">
      Fleet
    </Text>
  );
}

export function shortId(id: string): string {
  return `…${id.slice(-8)}`;
}
