import { Args, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { keyFlags, toggle, whole } from '../cli/flags.ts';
import { stringify, stringifyWithList } from '../cli/json.ts';
import { readingKeys } from '../cli/keys.ts';
import { FRAME_HEADING, formatFrame, formatInspection } from '../cli/render/inspection.ts';
import { checkImageInput, inBlocks, writeOutput } from '../cli/streams.ts';
import type { FrameRow } from '../index.ts';

const args = {
  image: Args.string({
    required: true,
    ignoreStdin: true,
    description: 'The image: a file; with --raw also - for standard input.',
  }),
};

const flags = {
  limit: whole({
    value: 'N',
    min: 0,
    max: 1e9,
    summary: 'List the N largest objects. Default: 40; --json has all.',
  }),
  raw: toggle({
    summary: 'List every frame of the file instead, in its order; with --json one object a line.',
  }),
  ...keyFlags,
};

export default class Inspect extends BaseCommand {
  static override summary = 'Show what is inside an image. Needs no server.';
  static override description =
    'Its position, its objects with their sizes, what it does not carry, which of its objects hold secrets or act as superuser. Does not check the contents: see verify.';
  static override examples: string[] = [
    '<%= config.bin %> <%= command.id %> shop.dbimg',
    '<%= config.bin %> <%= command.id %> shop.dbimg --json',
    '<%= config.bin %> <%= command.id %> shop.dbimg --raw',
  ];
  static override args: Interfaces.ArgInput = args;
  static override flags: Interfaces.FlagInput = flags;

  async run(): Promise<void> {
    const { args: given, flags: options } = await this.parse({ ...this.globals, args, flags });
    const { image } = given;
    checkImageInput(image);
    const { inspect, inspectFrames } = await import('../index.ts');
    const keys = await readingKeys(options);
    if (options.raw)
      return await writeOutput(inBlocks(frameLines(inspectFrames({ image, keys }), this.jsonEnabled())));
    const inspection = await inspect({ image, keys });
    const { objects } = inspection;
    if (this.jsonEnabled())
      return await writeOutput(inBlocks(stringifyWithList({ ...inspection }, 'objects', objects)));
    for (const line of formatInspection(inspection, options.limit ?? 40)) this.print(line);
  }
}

async function* frameLines(frames: AsyncIterable<FrameRow>, json: boolean): AsyncGenerator<string> {
  if (!json) yield `${FRAME_HEADING}\n`;
  for await (const frame of frames) yield `${json ? stringify(frame) : formatFrame(frame)}\n`;
}
