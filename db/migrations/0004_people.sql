CREATE TABLE "changed_rows" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "changed_rows_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"change_id" bigint NOT NULL,
	"table_name" text NOT NULL,
	"before" jsonb,
	"after" jsonb
);
--> statement-breakpoint
CREATE TABLE "changes" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "changes_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"by" text NOT NULL,
	"kind" text NOT NULL,
	"message" text NOT NULL,
	"undone_at" timestamp with time zone,
	"undone_by" text
);
--> statement-breakpoint
CREATE TABLE "face_models" (
	"model" text PRIMARY KEY NOT NULL,
	"dimension" integer NOT NULL,
	"certain" double precision NOT NULL,
	"likely" double precision NOT NULL
);
--> statement-breakpoint
CREATE TABLE "people" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "people_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text,
	"hidden" boolean DEFAULT false NOT NULL,
	"cover_face_id" bigint,
	"stale" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "person_thresholds" (
	"person_id" bigint NOT NULL,
	"model" text NOT NULL,
	"certain" real NOT NULL,
	"likely" real NOT NULL,
	CONSTRAINT "person_thresholds_person_id_model_pk" PRIMARY KEY("person_id","model")
);
--> statement-breakpoint
CREATE TABLE "proposals" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "proposals_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"clustering_id" bigint NOT NULL,
	"model" text NOT NULL,
	"kind" text NOT NULL,
	"person_id" bigint NOT NULL,
	"to_person_id" bigint,
	"face_ids" bigint[] NOT NULL,
	"similarity" real NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"answer" text,
	"answered_at" timestamp with time zone,
	CONSTRAINT "proposals_kind" CHECK (kind in ('joined', 'split', 'moved')),
	CONSTRAINT "proposals_answer" CHECK (answer in ('yes', 'no', 'superseded'))
);
--> statement-breakpoint
CREATE TABLE "prototypes" (
	"person_id" bigint NOT NULL,
	"face_id" bigint NOT NULL,
	"model" text NOT NULL,
	CONSTRAINT "prototypes_person_id_face_id_pk" PRIMARY KEY("person_id","face_id")
);
--> statement-breakpoint
CREATE TABLE "rejections" (
	"face_id" bigint NOT NULL,
	"person_id" bigint NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "rejections_face_id_person_id_pk" PRIMARY KEY("face_id","person_id")
);
--> statement-breakpoint
CREATE TABLE "splits" (
	"split_id" bigint NOT NULL,
	"face_id" bigint NOT NULL,
	"side" smallint NOT NULL,
	CONSTRAINT "splits_split_id_face_id_pk" PRIMARY KEY("split_id","face_id")
);
--> statement-breakpoint
CREATE TABLE "suggestions" (
	"face_id" bigint PRIMARY KEY NOT NULL,
	"person_id" bigint NOT NULL,
	"similarity" real NOT NULL,
	"skipped_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "clusterings" ADD COLUMN "difference" jsonb;--> statement-breakpoint
ALTER TABLE "clusters" ADD COLUMN "chosen_face_id" bigint;--> statement-breakpoint
ALTER TABLE "faces" ADD COLUMN "person_id" bigint;--> statement-breakpoint
ALTER TABLE "faces" ADD COLUMN "confirmed" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "faces" ADD COLUMN "similarity" real;--> statement-breakpoint
ALTER TABLE "faces" ADD COLUMN "not_a_face" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "faces_assigned" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "faces_suggested" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "changed_rows" ADD CONSTRAINT "changed_rows_change_id_changes_id_fk" FOREIGN KEY ("change_id") REFERENCES "public"."changes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "person_thresholds" ADD CONSTRAINT "person_thresholds_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "proposals" ADD CONSTRAINT "proposals_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "proposals" ADD CONSTRAINT "proposals_to_person_id_people_id_fk" FOREIGN KEY ("to_person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "prototypes" ADD CONSTRAINT "prototypes_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "prototypes" ADD CONSTRAINT "prototypes_face_id_faces_id_fk" FOREIGN KEY ("face_id") REFERENCES "public"."faces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rejections" ADD CONSTRAINT "rejections_face_id_faces_id_fk" FOREIGN KEY ("face_id") REFERENCES "public"."faces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rejections" ADD CONSTRAINT "rejections_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "splits" ADD CONSTRAINT "splits_face_id_faces_id_fk" FOREIGN KEY ("face_id") REFERENCES "public"."faces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "suggestions" ADD CONSTRAINT "suggestions_face_id_faces_id_fk" FOREIGN KEY ("face_id") REFERENCES "public"."faces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "suggestions" ADD CONSTRAINT "suggestions_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "changed_rows_change" ON "changed_rows" USING btree ("change_id","id");--> statement-breakpoint
CREATE INDEX "people_name" ON "people" USING btree (lower("name" collate "und-x-icu"));--> statement-breakpoint
CREATE INDEX "proposals_open" ON "proposals" USING btree ("model","id") WHERE answer is null;--> statement-breakpoint
CREATE INDEX "prototypes_model" ON "prototypes" USING btree ("model","person_id");--> statement-breakpoint
CREATE INDEX "rejections_person" ON "rejections" USING btree ("person_id");--> statement-breakpoint
CREATE INDEX "splits_face" ON "splits" USING btree ("face_id");--> statement-breakpoint
CREATE INDEX "suggestions_person" ON "suggestions" USING btree ("person_id","similarity" DESC NULLS LAST);--> statement-breakpoint
ALTER TABLE "faces" ADD CONSTRAINT "faces_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "faces_person" ON "faces" USING btree ("person_id","photo_id","model","confirmed","not_a_face") WHERE person_id is not null;--> statement-breakpoint
CREATE INDEX "faces_model" ON "faces" USING btree ("model","id");--> statement-breakpoint
CREATE FUNCTION changed_key(table_name text, image jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE table_name
		WHEN 'rejections' THEN (image ->> 'face_id') || ' ' || (image ->> 'person_id')
		WHEN 'splits' THEN (image ->> 'split_id') || ' ' || (image ->> 'face_id')
		WHEN 'suggestions' THEN image ->> 'face_id'
		ELSE image ->> 'id'
	END
$$;--> statement-breakpoint
CREATE FUNCTION record_changed_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	was jsonb;
	became jsonb;
BEGIN
	IF tg_op = 'UPDATE' AND tg_table_name = 'faces' THEN
		was := jsonb_build_object('id', old.id, 'photo_id', old.photo_id, 'cluster_id', old.cluster_id,
			'person_id', old.person_id, 'confirmed', old.confirmed, 'similarity', old.similarity,
			'not_a_face', old.not_a_face);
		became := jsonb_build_object('id', new.id, 'photo_id', new.photo_id, 'cluster_id', new.cluster_id,
			'person_id', new.person_id, 'confirmed', new.confirmed, 'similarity', new.similarity,
			'not_a_face', new.not_a_face);
	ELSE
		IF tg_op <> 'INSERT' THEN was := to_jsonb(old) - 'stale'; END IF;
		IF tg_op <> 'DELETE' THEN became := to_jsonb(new) - 'stale'; END IF;
	END IF;
	IF was IS DISTINCT FROM became THEN
		INSERT INTO changed_rows (change_id, table_name, before, after)
		VALUES (current_setting('safelight.change')::bigint, tg_table_name, was, became);
	END IF;
	RETURN NULL;
END
$$;--> statement-breakpoint
CREATE INDEX "changed_rows_key" ON "changed_rows" USING btree ("table_name", changed_key("table_name", coalesce("before", "after")), "change_id");--> statement-breakpoint
CREATE TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON "people" FOR EACH ROW WHEN (coalesce(current_setting('safelight.change', true), '') <> '') EXECUTE FUNCTION record_changed_row();--> statement-breakpoint
CREATE TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON "faces" FOR EACH ROW WHEN (coalesce(current_setting('safelight.change', true), '') <> '') EXECUTE FUNCTION record_changed_row();--> statement-breakpoint
CREATE TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON "clusters" FOR EACH ROW WHEN (coalesce(current_setting('safelight.change', true), '') <> '') EXECUTE FUNCTION record_changed_row();--> statement-breakpoint
CREATE TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON "rejections" FOR EACH ROW WHEN (coalesce(current_setting('safelight.change', true), '') <> '') EXECUTE FUNCTION record_changed_row();--> statement-breakpoint
CREATE TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON "splits" FOR EACH ROW WHEN (coalesce(current_setting('safelight.change', true), '') <> '') EXECUTE FUNCTION record_changed_row();--> statement-breakpoint
CREATE TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON "suggestions" FOR EACH ROW WHEN (coalesce(current_setting('safelight.change', true), '') <> '') EXECUTE FUNCTION record_changed_row();--> statement-breakpoint
CREATE TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON "proposals" FOR EACH ROW WHEN (coalesce(current_setting('safelight.change', true), '') <> '') EXECUTE FUNCTION record_changed_row();
