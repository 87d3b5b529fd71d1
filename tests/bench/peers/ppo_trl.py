#!/usr/bin/env python3
"""One PPO step as the notebook has it: trl 0.4.2, peft 0.3.0, transformers 4.27.2.

    ppo_trl.py --policy FOLDER --reward FOLDER --dialogues FILE.jsonl [--threads 2]

Generates, scores with the classifier, and takes PPOTrainer.step; prints JSON.
"""
import argparse

import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (AutoModelForSeq2SeqLM, AutoModelForSequenceClassification, AutoTokenizer,
                          T5Tokenizer)
from trl import AutoModelForSeq2SeqLMWithValueHead, PPOConfig, PPOTrainer, create_reference_model

from common import prompts, report, time_steps, workload


def policy(folder, work):
    base = AutoModelForSeq2SeqLM.from_pretrained(folder)
    lora = LoraConfig(r=work["lora_rank"], lora_alpha=work["lora_alpha"], lora_dropout=0.0,
                      target_modules=["q", "v"], bias="none", task_type=TaskType.SEQ_2_SEQ_LM)
    return AutoModelForSeq2SeqLMWithValueHead.from_pretrained(get_peft_model(base, lora),
                                                              is_trainable=True)


def main():
    parser = argparse.ArgumentParser()
    for name in ("--policy", "--reward", "--dialogues"):
        parser.add_argument(name, required=True)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    work = workload("ppo_step")
    tokenizer = T5Tokenizer.from_pretrained(args.policy)
    queries = [torch.tensor(ids) for ids in prompts(args.dialogues, tokenizer,
                                                    work["prompt_tokens"])]
    model = policy(args.policy, work)
    reward_tokenizer = AutoTokenizer.from_pretrained(args.reward)
    reward_model = AutoModelForSequenceClassification.from_pretrained(args.reward).eval()
    config = PPOConfig(model_name=args.policy, learning_rate=work["learning_rate"], ppo_epochs=1,
                       batch_size=work["batch_size"], mini_batch_size=work["mini_batch_size"])
    trainer = PPOTrainer(config=config, model=model, ref_model=create_reference_model(model),
                         tokenizer=tokenizer)
    generation = dict(min_length=-1, top_k=0, top_p=1.0, do_sample=True,
                      max_new_tokens=work["new_tokens"], min_new_tokens=work["new_tokens"])

    def step(number):
        size = work["batch_size"]
        batch = [queries[(number * size + i) % len(queries)] for i in range(size)]
        responses = [trainer.generate(query, **generation).squeeze()[-work["new_tokens"]:]
                     for query in batch]
        texts = [tokenizer.decode(response, skip_special_tokens=True) for response in responses]
        with torch.no_grad():
            inputs = reward_tokenizer(texts, return_tensors="pt", padding=True, truncation=True)
            rewards = reward_model(**inputs).logits[:, 0]
        trainer.step(batch, responses, list(rewards))

    report(**time_steps(step, work["steps"]))


if __name__ == "__main__":
    main()
