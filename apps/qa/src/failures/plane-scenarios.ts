import {
  CELL_DRAIN_STEPS,
  SECRET_ROTATION_STEPS,
  UPGRADE_STEPS,
  UPGRADE_WAVE_STEPS,
} from '@atlas/deployment-profiles';
import { Releases } from '@atlas/testing';
import { type Equipment, type Scenario, type Subject, endedJob, rowsProblem, tenantNow } from './scenario';
import { type Answer, PATIENCE_MS, keyOf, move, provisioned } from './scenarios';
import { type Scene } from './scene';

interface Begun {
  readonly job: { readonly id: string };
}

/** Rotates the secret of a customer's plane, which can be restarted with another bundle. */
export function rotateSecret(mode: 'routine' | 'compromised'): Scenario {
  return {
    name: `rotate_secret ${mode}`,
    operation: 'rotate_secret',
    steps: SECRET_ROTATION_STEPS[mode],
    async prepare(scene, slug) {
      const subject = await provisioned('on_prem')(scene, slug);
      return { ...subject, planeId: (await tenantNow(scene, subject)).tenant_plane_id ?? '' };
    },
    async begin(scene, subject) {
      const path = `/api/tenant-planes/${subject.planeId}/rotate-secret`;
      const answer = await scene.ask<Answer>(path, { mode }, keyOf(subject, 'rotate'));
      if (answer.install) await scene.install(subject.slug, answer.install);
    },
    problem: rowsProblem,
  };
}

/** Drains a cell that has one tenant. The tenant moves to the scene's first cell. */
export function drain(): Scenario {
  return {
    name: 'drain',
    operation: 'drain',
    steps: CELL_DRAIN_STEPS,
    async prepare(scene, slug) {
      const subject = await provisioned('shared')(scene, slug);
      subject.planeId = await scene.addCell(slug);
      const there = { deployment_model: 'shared', tenant_plane_id: subject.planeId };
      const { job } = await scene.ask<Begun>(
        `/api/tenants/${subject.tenantId}/move`,
        there,
        keyOf(subject, 'move'),
      );
      await succeeded(scene, { ...subject, jobId: job.id });
      return subject;
    },
    begin: (scene, subject) => ofPlane(scene, subject, 'drain'),
    async problem(scene, subject) {
      const { tenant_plane_id: home } = await tenantNow(scene, subject);
      return home === subject.planeId
        ? 'the tenant is still in the drained cell'
        : rowsProblem(scene, subject);
    },
  };
}

const [OLD, NEW] = ['0.0.9', '0.1.0'];

async function succeeded(scene: Scene, subject: Subject): Promise<void> {
  const job = await endedJob(scene, move('shared', 'shared'), subject, PATIENCE_MS);
  if (job.status !== 'succeeded') throw new Error(JSON.stringify(job));
}

/** Provides two releases. New tenants get the older release. */
function twoReleases(): Equipment {
  const releases = new Releases();
  releases.add(OLD);
  releases.link(NEW);
  const env = { LOCAL_DRIVER_TENANT_PLANE: releases.folder, TENANT_PLANE_VERSION: OLD };
  return { env, remove: () => releases.remove() };
}

async function olderPlane(scene: Scene, slug: string): Promise<Subject> {
  const subject = await provisioned('dedicated')(scene, slug);
  return { ...subject, planeId: (await tenantNow(scene, subject)).tenant_plane_id ?? '' };
}

async function upgradedProblem(scene: Scene, subject: Subject): Promise<string | undefined> {
  const sql = 'select version from tenant_planes where id = $1';
  const [plane] = await scene.control.query<{ version: string }>(sql, [subject.planeId]);
  return plane?.version === NEW ? rowsProblem(scene, subject) : `the plane runs ${plane?.version}`;
}

export const upgrade: Scenario = {
  name: 'upgrade',
  operation: 'upgrade',
  steps: UPGRADE_STEPS.by_driver,
  equipment: twoReleases,
  prepare: olderPlane,
  begin: (scene, subject) => ofPlane(scene, subject, 'upgrade', { version: NEW }),
  problem: upgradedProblem,
};

export const upgradeWave: Scenario = {
  name: 'upgrade_wave',
  operation: 'upgrade_wave',
  steps: UPGRADE_WAVE_STEPS,
  isAlone: true,
  equipment: twoReleases,
  prepare: olderPlane,
  async begin(scene, subject) {
    const key = keyOf(subject, 'wave');
    const answer = await scene.ask<Begun>('/api/tenant-planes/upgrades', { version: NEW }, key);
    subject.jobId = answer.job.id;
  },
  problem: upgradedProblem,
};

async function ofPlane(scene: Scene, subject: Subject, operation: string, body = {}): Promise<void> {
  const path = `/api/tenant-planes/${subject.planeId}/${operation}`;
  await scene.ask(path, body, keyOf(subject, operation));
}
