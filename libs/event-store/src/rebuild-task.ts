import { instancesOf } from '@fieldguide/config';
import { Task } from '@fieldguide/workers';
import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

/** A projection whose types of rows and events are hidden: it can only be rebuilt. */
export class RebuildableProjection {
  /** @param rebuild @returns the number of events that were read */
  constructor(
    readonly name: string,
    readonly rebuild: () => Promise<number>,
  ) {}
}

/** `rebuild PROJECTION` rebuilds a projection while the service keeps running. Needs the owner's role. */
@Injectable()
export class RebuildTask extends Task {
  override readonly name = 'rebuild';

  constructor(private readonly modules: ModulesContainer) {
    super();
  }

  /** @throws Error that lists the projections, when there is none of that name */
  override async run(name = ''): Promise<string> {
    const projections = instancesOf(this.modules, RebuildableProjection);
    const wanted = projections.find((each) => each.name === name);
    if (!wanted) {
      const known = projections.map((each) => each.name).join(', ') || 'none';
      throw new Error(`There is no projection "${name}". Try one of: ${known}`);
    }
    return `${name} was rebuilt from ${await wanted.rebuild()} events`;
  }
}
