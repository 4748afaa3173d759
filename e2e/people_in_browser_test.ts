import { openHouse } from "./people_house.ts";
import { changesPage, personsPage, photosPage } from "./people_pages_steps.ts";
import { everyPageIsSound, withoutScripts } from "./people_plain_steps.ts";
import { reviewed } from "./people_review_steps.ts";
import {
  movedAndHidden,
  namedByKeys,
  refusedName,
  splitAndJoined,
  takenBack,
} from "./people_rows_steps.ts";

Deno.test("people are named, joined, split, reviewed and taken back in a browser", async () => {
  const house = await openHouse();
  await namedByKeys(house);
  await takenBack(house);
  await splitAndJoined(house);
  await movedAndHidden(house);
  await refusedName(house);
  await reviewed(house);
  await personsPage(house);
  await photosPage(house);
  await changesPage(house);
  await withoutScripts(house);
  await everyPageIsSound(house);
  await house.close();
});
